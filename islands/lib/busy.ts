/** Shows the thin line when an answer takes more than a second. */
export function busy(): void {
  let open = 0;
  let timer = 0;
  const mark = (on: boolean) => document.documentElement.toggleAttribute("data-busy", on);
  document.addEventListener("htmx:beforeRequest", () => {
    if (open++ === 0) timer = window.setTimeout(mark, 1000, true);
  });
  document.addEventListener("htmx:afterRequest", () => {
    open = Math.max(0, open - 1);
    if (open > 0) return;
    clearTimeout(timer);
    mark(false);
  });
}
