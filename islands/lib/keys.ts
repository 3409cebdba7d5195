/** What every island needs to know about keys: the hand, not the letter, and never in the middle of a conversion. */

/** True while an input method holds the key: Safari ends a conversion with isComposing false and keyCode 229. */
export function composing(e: KeyboardEvent): boolean {
  return e.isComposing || (e.keyCode === 229 && typing(e.target));
}

/** True in a place where letters are text. */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "file"].includes(target.type);
}

/** The key meant: the letter typed, or, when an input method turned it into something else, the letter under the finger. */
export function keyOf(e: KeyboardEvent): string {
  const key = e.key.normalize("NFKC");
  if (/^[!-~]$/.test(key)) return key.toLowerCase();
  if (e.code.startsWith("Key")) return e.code.slice(3).toLowerCase();
  if (e.code === "Slash") return e.shiftKey ? "?" : "/";
  return e.key;
}

/** True if a person could see and click it now. */
export function visible(el: HTMLElement): boolean {
  return el.checkVisibility({ visibilityProperty: true }) && !el.closest("[inert]") && !(el as HTMLButtonElement).disabled;
}
