/** Keys. Pages add their own with data-key="x" on a button or a link; places with data-go="t" answer to g t. */
import { closeAll, open } from "./dialogs";
import { composing, keyOf, typing, visible } from "./keys";

const pause = 1500; // between g and the place

export function keyboard(): void {
  let going = 0; // when g was pressed
  document.addEventListener("keydown", (e) => {
    if (composing(e) && e.key === "Enter") e.stopPropagation(); // it ends a conversion, and means nothing else
  }, true);
  document.addEventListener("keydown", (e) => {
    if (composing(e)) return;
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) return submit(e);
    if (e.key === "Escape") return escape(e);
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
    const key = keyOf(e);
    const act = e.timeStamp - going < pause && going > 0 ? () => click(`[data-go="${CSS.escape(key)}"]`) : acts[key] ?? (() => press(key));
    going = key === "g" && !e.repeat ? e.timeStamp : 0;
    if (going === 0 && act()) e.preventDefault();
  });
  document.addEventListener("click", (e) => {
    const to = (e.target as Element).closest<HTMLAnchorElement>('a[href="#note"]');
    if (to && write()) e.preventDefault();
  });
}

const acts: Record<string, () => boolean> = {
  "/": () => focus("#search"),
  "?": help,
  c: () => write() || press("c"),
};

function press(key: string): boolean {
  return key.length === 1 && click(`[data-key="${CSS.escape(key)}"]`);
}

/** Clicks the first visible one; an open dialog hides what lies behind it. */
function click(selector: string): boolean {
  const scope = document.querySelector("dialog[open]") ?? document;
  const el = [...scope.querySelectorAll<HTMLElement>(selector)].find(visible);
  el?.click();
  return el !== undefined;
}

function focus(selector: string, options?: FocusOptions): boolean {
  const el = [...document.querySelectorAll<HTMLElement>(selector)].find(visible);
  el?.focus(options);
  return el !== undefined;
}

/** Puts the cursor where notes are written, if the page has such a place; it sticks to the edge, so nothing need scroll. */
function write(): boolean {
  return focus(".note-box:not(.reply) textarea", { preventScroll: true });
}

function submit(e: KeyboardEvent): void {
  const form = e.target instanceof HTMLElement ? e.target.closest("form") : null;
  if (!form || !typing(e.target)) return;
  e.preventDefault();
  form.requestSubmit();
}

/** Escape leaves: first what floats (a dialog closes itself), then the field. */
function escape(e: KeyboardEvent): void {
  if (e.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (!closeAll() && typing(e.target)) (e.target as HTMLElement).blur();
}

/** Opens the list of keys, with those of this page added as their buttons call themselves. */
function help(): boolean {
  const list = document.getElementById("page-keys");
  list?.replaceChildren(...[...document.querySelectorAll<HTMLElement>("main [data-key], .queue [data-key]")].filter(visible).flatMap(entry));
  open("help");
  return true;
}

function entry(el: HTMLElement): HTMLElement[] {
  const dt = document.createElement("dt");
  const kbd = document.createElement("kbd");
  kbd.textContent = el.dataset.key ?? "";
  dt.append(kbd);
  const dd = document.createElement("dd");
  const copy = el.cloneNode(true) as HTMLElement;
  copy.querySelectorAll("kbd").forEach((k) => k.remove());
  dd.textContent = el.getAttribute("aria-label") ?? copy.textContent?.trim() ?? "";
  return [dt, dd];
}
