/**
 * <k-live say="…"> around a feed. Something new comes in by itself while the reader is at the top and does not write;
 * otherwise a button offers it. One connection a browser: a shared worker holds it, where there is one, and lets go of it
 * while no page is looked at. What is shown is asked for again, so the server decides anew what may be seen.
 */
import { htmx } from "./lib/htmx";
import { typing } from "./lib/keys";

const settle = 300; // ms: a burst is one

class Live extends HTMLElement {
  private port: MessagePort | null = null;
  private source: EventSource | null = null;
  private timer = 0;

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.look);
    if (typeof SharedWorker !== "undefined") {
      try {
        this.port = new SharedWorker(new URL("live-worker.js", import.meta.url), { type: "module", name: "kizuki-live" }).port;
        this.port.onmessage = (e: MessageEvent<string>) => this.heard(e.data);
        this.port.start();
      } catch { this.port = null; }
    }
    this.look();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.look);
    clearTimeout(this.timer);
    this.port?.postMessage("off");
    this.source?.close();
  }

  private look = (): void => {
    if (this.port) return this.port.postMessage(document.hidden ? "off" : "on");
    if (document.hidden) {
      this.source?.close();
      this.source = null;
    } else if (!this.source) {
      this.source = new EventSource("/live");
      this.source.addEventListener("changed", () => this.heard("changed"));
      this.source.addEventListener("over", () => this.source?.close());
      this.source.addEventListener("open", () => this.heard("open"));
    }
  };

  /** open comes with every connection: what was missed meanwhile is made up for, the first time there is nothing. */
  private opened = false;

  private heard(what: string): void {
    if (what === "open" && !this.opened) {
      this.opened = true;
      return;
    }
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (scrollY < 80 && !typing(document.activeElement) ? void this.renew() : this.offer()), settle);
  }

  private async renew(): Promise<void> {
    this.querySelector(".fresh-words")?.remove();
    await htmx().ajax("get", location.href, { source: this, target: "#feed", select: "#feed", swap: "outerHTML show:none" });
  }

  private offer(): void {
    if (this.querySelector(".fresh-words")) return;
    const box = document.createElement("p");
    box.className = "fresh-words";
    box.setAttribute("role", "status");
    const button = document.createElement("button");
    button.className = "btn line";
    button.type = "button";
    button.textContent = this.getAttribute("say");
    button.addEventListener("click", () => { scrollTo({ top: 0 }); void this.renew(); });
    box.append(button);
    this.prepend(box);
  }
}

customElements.define("k-live", Live);
