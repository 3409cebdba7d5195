/** htmx as base.js put it on the page; islands share that one instead of bundling another. */
import type htmxType from "htmx.org";

declare global {
  interface Window { htmx: typeof htmxType }
}

export const htmx = (): typeof htmxType => window.htmx;
