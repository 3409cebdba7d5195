/** Dialogs and the phrases of a filter: data-dialog="id" opens, data-close closes, the event "close" from the server closes all. */

/** Where the server puts a dialog's content; opened as soon as something is in it. */
const slot = "dialog";

export function dialogs(): void {
  document.addEventListener("click", (e) => {
    const from = e.target as Element;
    const opener = from.closest<HTMLElement>("[data-dialog]");
    if (opener) open(opener.dataset.dialog ?? "");
    else if (from.closest("[data-close]")) from.closest("dialog")?.close();
    else if (from instanceof HTMLDialogElement && outside(from, e)) from.close();
    foldPhrases(from);
  });
  document.addEventListener("htmx:afterSettle", show);
  document.addEventListener("htmx:afterRequest", (e) => closeDone((e as CustomEvent<Done>).detail));
  document.addEventListener("close", (e) => {
    if (e.target instanceof HTMLDialogElement && e.target.id === slot) e.target.replaceChildren();
    else if (e instanceof CustomEvent) closeAll();
  }, true);
}

interface Done { elt: Element; target: Element; successful: boolean }

/** Opens the slot when the server has put something into it, under the name of its heading. */
function show(): void {
  const dialog = document.getElementById(slot);
  if (!(dialog instanceof HTMLDialogElement) || dialog.childElementCount === 0 || dialog.open) return;
  const title = dialog.querySelector("h1[id], h2[id]");
  if (title) dialog.setAttribute("aria-labelledby", title.id);
  dialog.showModal();
}

/** A form in a dialog that succeeded elsewhere on the page has done its work. */
function closeDone(done: Done): void {
  const dialog = done.elt.closest<HTMLDialogElement>("dialog[open]");
  if (dialog && done.successful && !dialog.contains(done.target)) dialog.close();
}

export function open(id: string): void {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

/** Closes whatever floats; true if something did. */
export function closeAll(): boolean {
  const floating = document.querySelectorAll<HTMLElement>("dialog[open], details.phrase[open]");
  for (const el of floating) el instanceof HTMLDialogElement ? el.close() : el.removeAttribute("open");
  return floating.length > 0;
}

function foldPhrases(from: Element): void {
  for (const el of document.querySelectorAll("details.phrase[open]")) if (!el.contains(from)) el.removeAttribute("open");
}

/** A click on the dark around a dialog hits the dialog itself, outside its box. */
function outside(dialog: HTMLDialogElement, e: MouseEvent): boolean {
  const box = dialog.getBoundingClientRect();
  return e.clientX < box.left || e.clientX > box.right || e.clientY < box.top || e.clientY > box.bottom;
}
