/** Words that are not posted yet are kept in the browser, see attach.ts; who signs out leaves none behind. */
export const draftPrefix = "kizuki.draft.";

export function drafts(): void {
  document.addEventListener("submit", (e) => {
    const form = e.target as HTMLFormElement;
    if (form.getAttribute("action") !== "/signout") return;
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith(draftPrefix)) localStorage.removeItem(key);
    } catch { /* a browser that keeps nothing has none */ }
  });
}
