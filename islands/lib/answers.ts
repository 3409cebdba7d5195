/** What to do with answers that are not plain successes, and where the cursor goes afterwards. */
import { toast } from "./toasts";

interface SwapDetail { xhr: XMLHttpRequest; shouldSwap: boolean; isError: boolean }

export function answers(): void {
  document.addEventListener("htmx:beforeSwap", (e) => {
    const detail = (e as CustomEvent<SwapDetail>).detail;
    // An error that says where it belongs is shown there; one that does not must not replace good content.
    if (detail.xhr.status < 400 || !detail.xhr.getResponseHeader("HX-Retarget")) return;
    detail.shouldSwap = true;
    detail.isError = false;
  });
  document.addEventListener("htmx:responseError", (e) => {
    const xhr = (e as CustomEvent<SwapDetail>).detail.xhr;
    if (xhr.status === 401) location.reload(); // signed out elsewhere: the server knows the way to the gate
    else if (!/"toast"/.test(xhr.getResponseHeader("HX-Trigger") ?? "")) toast({ text: said("failed"), bad: true });
  });
  document.addEventListener("htmx:sendError", () => toast({ text: said("offline"), bad: true }));
  keepFocus();
}

/** The page's own sentence for what went wrong; scripts hold no words. */
function said(what: "failed" | "offline"): string {
  return document.getElementById("toasts")?.dataset[what] ?? "";
}

/** Morphing keeps the focus; when the focused thing is gone, the nearest place is better than the top of the page. */
function keepFocus(): void {
  let id = "";
  document.addEventListener("htmx:beforeSwap", () => { id = document.activeElement?.id ?? ""; });
  document.addEventListener("htmx:afterSettle", (e) => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const place = e.target as HTMLElement;
    const next = place.querySelector<HTMLElement>("[autofocus], [aria-invalid=true]") ?? document.getElementById(id);
    next?.focus({ preventScroll: true });
  });
}
