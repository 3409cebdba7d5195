/** Toasts: from the page itself, from scripts, and from HX-Trigger: {"toast": {"text": …, "undo": "address", "bad": true}}. */
import { htmx } from "./htmx";

export interface Toast {
  text: string;
  bad?: boolean;
  undo?: string | { url: string; label?: string };
}

const stay = 8000; // long enough to read twice and reach the button

export function toasts(): void {
  document.addEventListener("toast", (e) => toast((e as CustomEvent<Toast>).detail));
  for (const el of document.querySelectorAll<HTMLElement>("#toasts > .toast")) leaveLater(el);
}

export function toast(t: Toast): void {
  const el = document.createElement("div");
  el.className = t.bad ? "toast error" : "toast";
  const text = document.createElement("span");
  text.textContent = t.text;
  el.append(text);
  const region = document.getElementById("toasts");
  if (t.undo) el.append(undo(el, typeof t.undo === "string" ? t.undo : t.undo.url, (t.undo as { label?: string }).label ?? region?.dataset.undo ?? ""));
  region?.append(el);
  leaveLater(el);
}

function undo(el: HTMLElement, url: string, label: string): HTMLElement {
  const button = document.createElement("button");
  button.className = "btn quiet";
  button.textContent = label;
  button.addEventListener("click", () => {
    el.remove();
    void htmx().ajax("post", url, { source: document.body, target: document.body, swap: "none" });
  });
  return button;
}

/** Nobody is hurried: it stays while the pointer or the focus is on it, and an error stays until it is seen. */
function leaveLater(el: HTMLElement): void {
  let timer = 0;
  const hold = () => clearTimeout(timer);
  const go = () => {
    hold();
    timer = window.setTimeout(() => el.remove(), stay * (el.classList.contains("error") ? 2 : 1));
  };
  el.addEventListener("pointerenter", hold);
  el.addEventListener("pointerleave", go);
  el.addEventListener("focusin", hold);
  el.addEventListener("focusout", go);
  go();
}
