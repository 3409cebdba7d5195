import { typing } from "./lib/keys";

/**
 * <k-pick> inside <form id="picker">: says how many rows are ticked, and offers what can be done with them only
 * then. Shift and a click ticks all rows between; Shift+X ticks the row the focus is in.
 */
class Picker extends HTMLElement {
  private last: HTMLInputElement | null = null;
  private off = new AbortController();

  connectedCallback(): void {
    this.off = new AbortController();
    const signal = this.off.signal;
    document.addEventListener("click", (e) => this.clicked(e), { signal });
    document.addEventListener("change", (e) => { if (this.box(e.target)) this.tell(); }, { signal });
    document.addEventListener("htmx:afterSettle", () => this.tell(), { signal });
    document.addEventListener("keydown", (e) => this.key(e), { signal });
    this.tell();
  }

  disconnectedCallback(): void { this.off.abort(); }

  private boxes(): HTMLInputElement[] {
    return [...document.querySelectorAll<HTMLInputElement>('input[type="checkbox"][form="picker"]')];
  }

  private box(t: EventTarget | null): HTMLInputElement | null {
    return t instanceof HTMLInputElement && t.type === "checkbox" && t.getAttribute("form") === "picker" ? t : null;
  }

  private clicked(e: MouseEvent): void {
    const box = this.box(e.target);
    if (!box) return;
    const all = this.boxes(), from = this.last ? all.indexOf(this.last) : -1, to = all.indexOf(box);
    if (e.shiftKey && from >= 0) for (const b of all.slice(Math.min(from, to), Math.max(from, to) + 1)) b.checked = box.checked;
    this.last = box;
    this.tell();
  }

  private key(e: KeyboardEvent): void {
    if (e.code !== "KeyX" || !e.shiftKey || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
    const at = document.activeElement;
    if (typing(at)) return;
    const box = at?.closest("tr")?.querySelector<HTMLInputElement>('input[form="picker"]');
    if (!box) return;
    e.preventDefault();
    box.click();
  }

  private tell(): void {
    const n = this.boxes().filter((b) => b.checked).length;
    const said = this.querySelector("output")!;
    said.hidden = n === 0;
    said.querySelector("b")!.textContent = String(n);
    this.querySelector("button")!.hidden = n === 0;
    this.closest("form")!.classList.toggle("picking", n > 0);
  }
}

customElements.define("k-pick", Picker);
