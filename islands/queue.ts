/**
 * <k-queue> around a list of links. j and k (arrows while inside) choose, the chosen contract opens in #sheet beside the
 * list without leaving the page; the links stay real links. When the chosen row is done and gone, the next one is chosen.
 */
import { htmx } from "./lib/htmx";
import { composing, keyOf, typing } from "./lib/keys";

const settle = 150; // ms: running down the list with j held does not fetch every contract
const narrow = "(max-width: 48rem)"; // on a phone the sheet is a page of its own

class Queue extends HTMLElement {
  private href = "";
  private shown = ""; // what the sheet holds
  private index = 0;
  private timer = 0;
  private unfolded = false; // the reader opened what is folded: it stays open when the list comes anew
  private watcher = new MutationObserver(() => this.follow());

  connectedCallback(): void {
    this.remember(this.current());
    this.shown = this.href;
    this.addEventListener("click", this.pick);
    this.addEventListener("toggle", this.fold, true);
    document.addEventListener("keydown", this.key);
    this.watcher.observe(this, { childList: true, subtree: true });
  }

  disconnectedCallback(): void {
    this.watcher.disconnect();
    clearTimeout(this.timer);
    document.removeEventListener("keydown", this.key);
  }

  private rows(): HTMLAnchorElement[] {
    return [...this.querySelectorAll<HTMLAnchorElement>("li > a[href]")].filter((row) => !row.closest("details:not([open])"));
  }

  private fold = (e: Event): void => {
    if (e.target instanceof HTMLDetailsElement && e.target.isConnected) this.unfolded = e.target.open;
  };

  private current(): HTMLAnchorElement | undefined {
    return this.rows().find((row) => row.hasAttribute("aria-current"));
  }

  private remember(row: HTMLAnchorElement | undefined): void {
    if (!row) return;
    this.href = row.getAttribute("href") ?? "";
    this.index = this.rows().indexOf(row);
  }

  private pick = (e: MouseEvent): void => {
    const row = (e.target as Element).closest<HTMLAnchorElement>("li > a[href]");
    if (!row || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0 || matchMedia(narrow).matches) return;
    e.preventDefault();
    this.choose(row);
    void this.load(true);
  };

  private key = (e: KeyboardEvent): void => {
    if (composing(e) || e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const inside = this.contains(document.activeElement);
    const key = keyOf(e);
    if (key === "j" || (inside && key === "ArrowDown")) this.move(1);
    else if (key === "k" || (inside && key === "ArrowUp")) this.move(-1);
    else if (key === "Enter" && document.activeElement === document.body) void this.load(true);
    else return;
    e.preventDefault();
  };

  private move(step: number): void {
    const rows = this.rows();
    const now = this.current();
    const next = now ? rows[rows.indexOf(now) + step] : rows[0];
    if (!next) return;
    this.choose(next);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    if (matchMedia(narrow).matches) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.load(false), settle);
  }

  private choose(row: HTMLAnchorElement): void {
    for (const other of this.rows()) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    this.remember(row);
  }

  /** Shows the chosen contract; with read, the cursor goes to its title, so that Tab and a screen reader start there. */
  private async load(read: boolean): Promise<void> {
    clearTimeout(this.timer);
    if (this.href !== this.shown) { // what is shown already stays: somebody may be writing in it
      const href = this.href;
      await htmx().ajax("get", href, { source: this, target: "#sheet", select: "#sheet", swap: "outerHTML show:none" });
      this.shown = href;
      scrollTo({ top: 0 });
    }
    if (!read || typing(document.activeElement)) return;
    const title = document.querySelector<HTMLElement>("#sheet h1, #sheet h2");
    title?.setAttribute("tabindex", "-1");
    title?.focus({ preventScroll: true });
  }

  /** The list changed under us: a row was done, put off, or the whole list came anew. */
  private follow(): void {
    const folded = this.querySelector<HTMLDetailsElement>(".more > details");
    if (folded && this.unfolded && !folded.open) folded.open = true;
    const rows = this.rows();
    const same = rows.find((row) => row.getAttribute("href") === this.href);
    if (same) {
      if (!same.hasAttribute("aria-current")) this.choose(same);
      else this.index = rows.indexOf(same);
      return;
    }
    const next = rows[Math.min(this.index, rows.length - 1)];
    if (next) this.choose(next);
    else if (this.href !== "") this.href = this.dataset.empty ?? "";
    if (this.href !== "" && !matchMedia(narrow).matches) void this.load(false);
    if (!next) this.href = "";
  }
}

if (!customElements.get("k-queue")) customElements.define("k-queue", Queue);
