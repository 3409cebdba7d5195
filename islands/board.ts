/**
 * <k-board data-field="phase"> with lanes: <ol data-value="…"><li class="card" data-at="/contracts/1">…</li></ol>
 * A card dropped in another lane posts the change its own phrase would post. It shows at once; the server's
 * answer settles it: the board is read again, or the card goes back and the page says why. A lane without a value
 * takes no cards; a card whose value is not its lane's says it as data-was. Where a move asks for a word, the card's
 * own phrase opens with the question.
 */
import Sortable from "sortablejs";
import type {} from "./lib/htmx";

class Board extends HTMLElement {
  private lanes: Sortable[] = [];

  connectedCallback(): void {
    if (!this.dataset.field) return; // may not be changed, or not by dragging
    for (const lane of this.querySelectorAll<HTMLElement>(".lane > ol")) {
      this.lanes.push(Sortable.create(lane, {
        group: { name: "board", put: lane.dataset.value !== undefined }, draggable: ".card", sort: false, animation: 120,
        filter: ".cell", preventOnFilter: false, delay: 150, delayOnTouchOnly: true,
        onEnd: (e) => { if (e.from !== e.to) void this.put(e.item, e.from, e.to, e.oldIndex ?? 0); },
      }));
    }
  }

  disconnectedCallback(): void {
    for (const lane of this.lanes.splice(0)) lane.destroy();
  }

  private async put(card: HTMLElement, from: HTMLElement, to: HTMLElement, place: number): Promise<void> {
    const address = `${card.dataset.at}/edit/${this.dataset.field}`;
    card.setAttribute("aria-busy", "true");
    let done = false;
    const heard = (e: Event): void => { // a refusal that brings its form is no error to htmx
      const { successful, xhr } = (e as CustomEvent<{ successful: boolean; xhr: XMLHttpRequest }>).detail;
      done ||= successful && xhr.status < 400;
    };
    card.addEventListener("htmx:afterRequest", heard);
    const values = { new: to.dataset.value ?? "", was: card.dataset.was ?? from.dataset.value ?? "" };
    await window.htmx.ajax("post", address, { source: card, target: card, swap: "none", values }).catch(() => {}); // no connection: said by base.js
    card.removeEventListener("htmx:afterRequest", heard);
    card.removeAttribute("aria-busy");
    if (!done) {
      from.insertBefore(card, from.children[place] ?? null);
      const phrase = card.querySelector<HTMLDetailsElement>("details.cell");
      if (phrase?.querySelector("form")) phrase.open = true;
      return;
    }
    await window.htmx.ajax("get", location.href, { target: "#board", select: "#board", swap: "outerHTML" });
  }
}

customElements.define("k-board", Board);
