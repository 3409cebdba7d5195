/**
 * <k-attach src="/files" draft="member.contract"><ul class="uploads">…</ul></k-attach> in the form of a note.
 * Files that are chosen, dropped or pasted are sent at once and wait as chips; the words are kept until they are
 * posted, so that a closed tab loses nothing. Without it the form sends its files itself.
 */
import { draftPrefix } from "./lib/drafts";

const patience = 1000; // ms after which a file on its way shows how far it is
const pause = 300; // ms of rest before the words are kept

class Attach extends HTMLElement {
  static observedAttributes = ["draft"];
  private form: HTMLFormElement | null = null;
  private ways = new AbortController(); // every listener outside goes with the element
  private open = 0; // files on their way
  private line: Promise<void> = Promise.resolve();
  private waits: HTMLElement | null | undefined; // somebody wants to post, by this button or none
  private timer = 0;
  private words = ""; // as last written

  connectedCallback(): void {
    this.form = this.closest("form");
    if (!this.form) return;
    this.ways = new AbortController();
    const { signal } = this.ways;
    this.form.addEventListener("change", this.chosen, { signal });
    this.form.addEventListener("mousedown", stay, { signal });
    this.form.addEventListener("paste", this.pasted, { signal });
    this.form.addEventListener("input", this.wrote, { signal });
    this.form.addEventListener("htmx:beforeOnLoad", this.answered, { signal });
    window.addEventListener("submit", this.submitted, { capture: true, signal });
    window.addEventListener("pagehide", () => this.keep(), { signal });
    this.letDrop(signal);
    this.restore();
  }

  disconnectedCallback(): void {
    this.keep();
    this.ways.abort();
  }

  /** Another contract came into the same box. */
  attributeChangedCallback(_: string, from: string | null): void {
    if (from === null || !this.form) return;
    this.keep(draftPrefix + from);
    queueMicrotask(() => this.restore()); // after the words around it have changed, too
  }

  private get field(): HTMLTextAreaElement | null {
    return this.form?.querySelector("textarea") ?? null;
  }

  // ---- files ----

  private chosen = (e: Event): void => {
    const input = e.target as HTMLInputElement;
    if (input.type !== "file" || !input.files) return;
    this.send([...input.files]);
    input.value = ""; // they have gone ahead of the form
  };

  private pasted = (e: ClipboardEvent): void => {
    const files = [...(e.clipboardData?.files ?? [])];
    if (files.length === 0 || e.clipboardData?.types.includes("text/plain")) return; // cells of a sheet come with a picture of themselves
    e.preventDefault();
    this.send(files);
  };

  /** The whole sheet takes files for its note; a reply only what falls on itself. */
  private letDrop(signal: AbortSignal): void {
    const form = this.form!;
    const place = form.classList.contains("reply") ? form : (form.closest<HTMLElement>(".sheet") ?? form);
    const mine = (e: DragEvent) => e.dataTransfer?.types.includes("Files") && !e.defaultPrevented;
    const mark = (on: boolean) => form.toggleAttribute("data-drop", on);
    place.addEventListener("dragover", (e) => {
      if (!mine(e)) return mark(false);
      e.preventDefault();
      mark(true);
    }, { signal });
    place.addEventListener("dragleave", (e) => {
      if (!place.contains(e.relatedTarget as Node | null)) mark(false);
    }, { signal });
    place.addEventListener("drop", (e) => {
      mark(false);
      if (!mine(e)) return;
      e.preventDefault();
      this.send([...e.dataTransfer!.files]);
      this.field?.focus({ preventScroll: true });
    }, { signal });
  }

  /** One after the other, so that they stand in the order in which they were chosen. */
  private send(files: File[]): void {
    for (const file of files) {
      const row = waiting(file.name);
      this.querySelector("ul")?.append(row);
      this.open++;
      this.line = this.line.then(() => this.sendOne(file, row));
    }
  }

  private sendOne(file: File, row: HTMLElement): Promise<void> {
    const data = new FormData();
    data.append("upload", file, file.name);
    const xhr = new XMLHttpRequest();
    const bar = row.querySelector("progress");
    xhr.upload.addEventListener("progress", (e) => bar?.setAttribute("value", String(e.loaded / (e.total || 1))));
    xhr.open("POST", this.getAttribute("src") ?? "");
    xhr.setRequestHeader("HX-Request", "true");
    return new Promise((done) => {
      xhr.addEventListener("loadend", () => {
        this.arrived(xhr, row);
        done();
      });
      xhr.send(data);
    });
  }

  private arrived(xhr: XMLHttpRequest, row: HTMLElement): void {
    this.open--;
    if (xhr.status === 201 && row.isConnected) {
      const chips = document.createRange().createContextualFragment(xhr.responseText);
      const added = [...chips.children];
      row.replaceWith(chips);
      for (const el of added) window.htmx.process(el);
    } else {
      row.remove();
      this.waits = undefined; // nothing is posted with a file missing from it
      if (xhr.status !== 201) refused(xhr);
    }
    if (this.open > 0 || this.waits === undefined) return;
    const button = this.waits;
    this.waits = undefined;
    this.form?.requestSubmit(button);
  }

  /** Who posts while a file is on its way posts when it has come. */
  private submitted = (e: SubmitEvent): void => {
    if (e.target !== this.form) return;
    if (this.open > 0) {
      e.preventDefault();
      e.stopImmediatePropagation();
      this.waits = e.submitter;
    } else if (!this.form!.hasAttribute("hx-post")) this.forget(); // the page goes with it
  };

  // ---- words ----

  private get key(): string {
    return draftPrefix + (this.getAttribute("draft") ?? "");
  }

  private wrote = (e: Event): void => {
    if (e.target !== this.field) return;
    clearTimeout(this.timer);
    this.words = this.field!.value;
    this.timer = window.setTimeout(() => this.keep(), pause);
  };

  /** Keeps what was written since the last time, under the key it was written under. */
  private keep(key = this.key): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    try {
      this.words.trim() ? localStorage.setItem(key, this.words) : localStorage.removeItem(key);
    } catch { /* a browser that keeps nothing loses nothing but this */ }
  }

  private restore(): void {
    this.querySelector(".restored")?.remove();
    const field = this.field;
    const words = stored(this.key);
    if (!field || !words || field.value) return;
    field.value = words;
    const line = document.createElement("p");
    line.className = "remark restored";
    line.setAttribute("role", "status");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.getAttribute("discard");
    button.addEventListener("click", () => {
      this.forget();
      line.remove();
      field.value = "";
      field.focus();
    });
    line.append(this.getAttribute("restored") ?? "", " ", button);
    this.prepend(line);
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    try { localStorage.removeItem(this.key); } catch { /* as above */ }
  }

  /** Before the answer takes the form away, as it does with a reply's. */
  private answered = (e: Event): void => {
    const { elt, xhr } = (e as CustomEvent<{ elt: Element; xhr: XMLHttpRequest }>).detail;
    if (elt !== this.form || xhr.status >= 400) return;
    this.forget();
    this.querySelector(".restored")?.remove();
  };
}

/** The cursor stays in the words: without it a phone's box shrinks, and the finger misses what it was about to tap. */
function stay(e: MouseEvent): void {
  if ((e.target as Element).closest(".attach")) e.preventDefault();
}

function stored(key: string): string | null {
  try { return localStorage.getItem(key); } catch { return null; }
}

/** A file on its way. */
function waiting(name: string): HTMLElement {
  const row = document.createElement("li");
  row.className = "upload";
  row.setAttribute("aria-busy", "true");
  const bar = document.createElement("progress");
  bar.setAttribute("aria-label", name);
  bar.hidden = true;
  window.setTimeout(() => { bar.hidden = false; }, patience);
  const label = document.createElement("span");
  label.textContent = name;
  row.append(label, bar);
  return row;
}

/** The server's own sentence, as a toast; scripts hold no words. */
function refused(xhr: XMLHttpRequest): void {
  const said = xhr.getResponseHeader("HX-Trigger");
  const detail = said ? JSON.parse(said).toast : { text: document.getElementById("toasts")?.dataset[xhr.status === 0 ? "offline" : "failed"] ?? "", bad: true };
  document.dispatchEvent(new CustomEvent("toast", { detail }));
}

if (!customElements.get("k-attach")) customElements.define("k-attach", Attach);
