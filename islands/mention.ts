/**
 * <k-mention src="/members/mention"><textarea>…</textarea></k-mention>
 * After @ or ＠ it offers people and teams, by name or by reading. Our own instead of
 * @github/text-expander-element: that one wants a space before the sign, and Japanese has none.
 */
import { composing } from "./lib/keys";

interface Offer { id: string; name: string; kana?: string; kind?: string; kindName?: string }

const wait = 120; // ms of silence before asking
const sign = /[@＠]([^\s@＠、。，．,!?！？「」（）()]{0,20})$/u;
let count = 0;

class Mention extends HTMLElement {
  private field: HTMLTextAreaElement | null = null;
  private list: HTMLUListElement | null = null;
  private offers: Offer[] = [];
  private at = 0;
  private timer = 0;
  private asked = 0;

  connectedCallback(): void {
    if (this.field || !(this.field = this.querySelector("textarea"))) return;
    this.field.addEventListener("input", this.look);
    this.field.addEventListener("click", this.look);
    this.field.addEventListener("keydown", this.key);
    this.field.addEventListener("blur", () => window.setTimeout(() => this.close(), 150));
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    this.close();
  }

  /** The word after the sign, up to the cursor; null when there is none. Conversions in progress count: おか finds 岡田. */
  private word(): string | null {
    const field = this.field!;
    if (field.selectionStart !== field.selectionEnd) return null;
    return sign.exec(field.value.slice(0, field.selectionStart))?.[1] ?? null;
  }

  private look = (): void => {
    clearTimeout(this.timer);
    const word = this.word();
    if (word === null) return this.close();
    this.timer = window.setTimeout(() => void this.ask(word), wait);
  };

  private async ask(word: string): Promise<void> {
    const turn = ++this.asked;
    const src = new URL(this.getAttribute("src") ?? "", location.href);
    src.searchParams.set("q", word);
    const answer = await fetch(src, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || turn !== this.asked || this.word() !== word) return;
    this.offers = (await answer.json()) as Offer[];
    this.offers.length > 0 ? this.show() : this.close();
  }

  private show(): void {
    this.at = 0;
    this.list ??= this.makeList();
    this.list.replaceChildren(...this.offers.map((o, i) => this.row(o, i)));
    this.field!.setAttribute("aria-autocomplete", "list"); // a textarea may not be a combobox, but it may say this much
    this.field!.setAttribute("aria-controls", this.list.id);
    this.mark();
  }

  private makeList(): HTMLUListElement {
    const list = document.createElement("ul");
    list.className = "offers";
    list.id = `offers-${++count}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", this.getAttribute("label") ?? "");
    this.append(list);
    return list;
  }

  private row(offer: Offer, i: number): HTMLLIElement {
    const row = document.createElement("li");
    row.id = `${this.list!.id}-${i}`;
    row.setAttribute("role", "option");
    const remark = document.createElement("span");
    remark.className = "remark";
    remark.textContent = offer.kindName ?? offer.kana ?? "";
    row.append(offer.name, remark);
    row.addEventListener("pointerdown", (e) => {
      e.preventDefault(); // the cursor stays in the field
      this.choose(i);
    });
    return row;
  }

  private mark(): void {
    [...this.list!.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === this.at)));
    const row = this.list!.children[this.at];
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.field!.setAttribute("aria-activedescendant", row.id);
  }

  private key = (e: KeyboardEvent): void => {
    if (!this.list || composing(e) || e.ctrlKey || e.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step) {
      this.at = (this.at + step + this.offers.length) % this.offers.length;
      this.mark();
    } else if (e.key === "Enter" || e.key === "Tab") this.choose(this.at);
    else if (e.key === "Escape") this.close();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  private choose(i: number): void {
    const offer = this.offers[i];
    const field = this.field!;
    const word = this.word();
    this.close();
    if (!offer || word === null) return;
    const end = field.selectionStart;
    field.setRangeText(`@${offer.name} `, end - word.length - 1, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    this.close();
  }

  private close(): void {
    clearTimeout(this.timer);
    this.asked++;
    this.list?.remove();
    this.list = null;
    this.field?.removeAttribute("aria-activedescendant");
    this.field?.removeAttribute("aria-controls");
  }
}

if (!customElements.get("k-mention")) customElements.define("k-mention", Mention);
