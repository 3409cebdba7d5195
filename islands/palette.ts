/**
 * Ctrl+K or ⌘K, from anywhere: one field that goes to places, does what the page can do, and finds what people wrote.
 * The dialog comes from /palette when it is first wanted; nothing is asked for while it is closed.
 * [data-palette] opens it without a keyboard.
 */
import { composing, visible } from "./lib/keys";

const wait = 120; // ms of silence before asking
const mostActs = 30;
const mostRecent = 5;
const memory = "kizuki.recent";
const acts = "a.btn, button.btn, .pick a, .phrase > summary, [data-key], [data-do]";

interface Seen { href: string; title: string }

class Palette {
  private dialog: HTMLDialogElement | null = null;
  private clicks = new Map<string, HTMLElement>(); // option → what on the page it stands for
  private chosen: HTMLElement | null = null;
  private timer = 0;
  private asked = 0;

  async open(): Promise<void> {
    const dialog = this.dialog ??= await this.fetch();
    if (!dialog || dialog.open) return;
    this.field.value = "";
    this.list("page").replaceChildren(...this.pageActs());
    this.list("recent").replaceChildren(...this.recent());
    this.list("found").replaceChildren();
    dialog.showModal();
    this.narrow();
  }

  close(): void { this.dialog?.close(); }

  get isOpen(): boolean { return this.dialog?.open ?? false; }

  private async fetch(): Promise<HTMLDialogElement | null> {
    const html = await ask("/palette");
    if (html === null) return null;
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const dialog = holder.content.querySelector("dialog");
    if (!dialog) return null;
    for (const group of dialog.querySelectorAll<HTMLElement>("[data-group]")) {
      const list = document.createElement("div"); // what is replaced, beside the group's heading
      list.role = "presentation";
      list.append(...group.querySelectorAll("[role=option]"));
      group.append(list);
    }
    document.body.append(dialog);
    dialog.addEventListener("keydown", (e) => this.key(e));
    dialog.addEventListener("click", (e) => this.click(e));
    dialog.addEventListener("input", (e) => { if (!(e as InputEvent).isComposing) this.typed(); });
    dialog.addEventListener("compositionend", () => this.typed());
    dialog.addEventListener("close", () => { clearTimeout(this.timer); this.asked++; });
    return dialog;
  }

  private get field(): HTMLInputElement { return this.dialog!.querySelector("input")!; }

  private list(group: string): HTMLElement {
    return this.dialog!.querySelector<HTMLElement>(`[data-group="${group}"] > [role=presentation]`)!;
  }

  private options(): HTMLElement[] {
    return [...this.dialog!.querySelectorAll<HTMLElement>("[role=option]")].filter((o) => !o.hidden && !o.closest<HTMLElement>("[data-group]")!.hidden);
  }

  private typed(): void {
    this.narrow();
    clearTimeout(this.timer);
    const q = this.field.value.trim(), turn = ++this.asked;
    if (!q) { this.list("found").replaceChildren(); this.narrow(); return; }
    this.timer = window.setTimeout(() => void this.find(q, turn), wait);
  }

  private async find(q: string, turn: number): Promise<void> {
    const html = await ask("/palette/found?q=" + encodeURIComponent(q));
    if (turn !== this.asked || !this.isOpen) return; // typed on meanwhile
    const holder = document.createElement("template");
    holder.innerHTML = html ?? "";
    this.list("found").replaceChildren(...holder.content.children);
    this.narrow();
    if (html === null) this.say(this.dialog!.dataset.offline ?? "");
  }

  /** Shows what the words fit, groups that have something, and chooses the first. */
  private narrow(): void {
    const words = fold(this.field.value).split(/\s+/).filter(Boolean);
    for (const group of this.dialog!.querySelectorAll<HTMLElement>("[data-group]")) {
      const found = group.dataset.group === "found";
      let some = false;
      for (const o of group.querySelectorAll<HTMLElement>("[role=option]")) {
        const text = fold(`${o.textContent} ${o.dataset.words ?? ""}`);
        o.hidden = !found && !words.every((w) => text.includes(w));
        some ||= !o.hidden;
      }
      group.hidden = !some || (group.dataset.group === "recent" && words.length > 0);
    }
    // What is meant by its very beginning stands before what was found.
    const list = this.dialog!.querySelector<HTMLElement>("#palette-list")!;
    list.append(...["found", "page", "recent", "go"].map((g) => this.list(g).parentElement!));
    const direct = words.length > 0 && this.options().some((o) => o.parentElement !== this.list("found") && begins(o, words[0]!));
    if (direct) list.append(this.list("found").parentElement!);
    const all = this.options();
    this.choose(all[0] ?? null);
    this.say(all.length === 0 ? this.dialog!.querySelector<HTMLElement>("[role=status]")!.dataset.none ?? "" : "");
  }

  private say(text: string): void { this.dialog!.querySelector("[role=status]")!.textContent = text; }

  private choose(option: HTMLElement | null): void {
    this.chosen?.setAttribute("aria-selected", "false");
    this.chosen = option;
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.field.setAttribute("aria-activedescendant", option.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private key(e: KeyboardEvent): void {
    if (composing(e)) return;
    const all = this.options(), at = this.chosen ? all.indexOf(this.chosen) : -1;
    if (e.key === "ArrowDown") this.choose(all[(at + 1) % all.length] ?? null);
    else if (e.key === "ArrowUp") this.choose(all[(at - 1 + all.length) % all.length] ?? null);
    else if (e.key === "Enter" && this.chosen) this.pick(this.chosen, e.ctrlKey || e.metaKey);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  private click(e: MouseEvent): void {
    const option = (e.target as Element).closest<HTMLElement>("[role=option]");
    if (!option || (option instanceof HTMLAnchorElement && option.dataset.post === undefined)) return; // a link opens by itself
    e.preventDefault();
    this.pick(option, false);
  }

  private pick(option: HTMLElement, apart: boolean): void {
    const act = this.clicks.get(option.id);
    if (!act && apart && option instanceof HTMLAnchorElement) { window.open(option.href, "_blank", "noopener"); return; }
    this.close(); // gives the focus back before anything moves it
    if (act) { act.focus(); act.click(); }
    else if (option.dataset.post !== undefined) post((option as HTMLAnchorElement).href);
    else if (option instanceof HTMLAnchorElement) location.href = option.href;
  }

  private option(id: string, text: string): HTMLElement {
    const o = document.createElement("button");
    o.type = "button";
    o.tabIndex = -1;
    o.id = id;
    o.role = "option";
    o.setAttribute("aria-selected", "false");
    o.textContent = text;
    return o;
  }

  /** What this page can do, as its buttons and links call themselves. */
  private pageActs(): HTMLElement[] {
    this.clicks.clear();
    const said = new Set<string>(), out: HTMLElement[] = [];
    for (const el of document.querySelectorAll<HTMLElement>(`main :is(${acts}), .queue :is(${acts})`)) {
      const text = nameOf(el);
      if (!visible(el) || !text || said.has(text) || el.hasAttribute("aria-current") || out.length >= mostActs) continue;
      said.add(text);
      const o = this.option(`palette-page-${out.length}`, text);
      this.clicks.set(o.id, el);
      out.push(o);
    }
    return out;
  }

  private recent(): HTMLElement[] {
    return seen().filter((s) => s.href !== location.pathname).map((s, i) => {
      const a = document.createElement("a");
      a.href = s.href;
      a.textContent = s.title;
      a.role = "option";
      a.tabIndex = -1;
      a.id = `palette-recent-${i}`;
      a.setAttribute("aria-selected", "false");
      return a;
    });
  }
}

function nameOf(el: HTMLElement): string {
  const copy = el.cloneNode(true) as HTMLElement;
  copy.querySelectorAll("kbd, svg").forEach((k) => k.remove());
  return (el.getAttribute("aria-label") ?? copy.textContent ?? "").replace(/\s+/g, " ").trim();
}

/** Text as it is compared: full-width and half-width, kana and capitals are one. */
function fold(s: string): string {
  return s.normalize("NFKC").toLowerCase().replace(/[ァ-ヶ]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0x60));
}

function begins(option: HTMLElement, word: string): boolean {
  return fold(`${nameOf(option)} ${option.dataset.words ?? ""}`).split(/\s+/).some((w) => w.startsWith(word));
}

async function ask(address: string): Promise<string | null> {
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (answer.status === 401) location.reload();
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** A form of one button, as signing out needs. */
function post(address: string): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = address;
  document.body.append(form);
  form.submit();
}

function seen(): Seen[] {
  try {
    return JSON.parse(sessionStorage.getItem(memory) ?? "[]") as Seen[];
  } catch {
    return [];
  }
}

/** Remembers the contract that is open, on this browser and until it is closed. */
function remember(): void {
  const title = document.querySelector("main h1")?.textContent?.replace(/\s+/g, " ").trim();
  if (!title || !/^\/contracts\/\d+$/.test(location.pathname)) return;
  const rest = seen().filter((s) => s.href !== location.pathname);
  sessionStorage.setItem(memory, JSON.stringify([{ href: location.pathname, title }, ...rest].slice(0, mostRecent + 1)));
}

const palette = new Palette();
document.addEventListener("keydown", (e) => {
  if (e.code !== "KeyK" || !(e.ctrlKey || e.metaKey) || e.altKey || e.shiftKey || composing(e)) return;
  e.preventDefault();
  if (palette.isOpen) palette.close();
  else void palette.open();
}, true);
document.addEventListener("click", (e) => {
  if (!(e.target as Element).closest("[data-palette]")) return;
  e.preventDefault();
  void palette.open();
});
document.addEventListener("htmx:pushedIntoHistory", remember);
remember();
