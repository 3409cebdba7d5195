/** The morph swap, without the eval and the inline-swap slip of idiomorph's own extension (it answers yes for every style). */
import type htmxType from "htmx.org";
// @ts-expect-error: the ESM build carries no types of its own
import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";

const styles: Record<string, string> = { morph: "outerHTML", "morph:outerHTML": "outerHTML", "morph:innerHTML": "innerHTML" };

export function morph(htmx: typeof htmxType): void {
  const extension = {
    isInlineSwap: (style: string) => styles[style] === "outerHTML",
    handleSwap(style: string, target: Node, fragment: Node) {
      const morphStyle = styles[style];
      if (!morphStyle) return false;
      return Idiomorph.morph(target, (fragment as DocumentFragment).children, { morphStyle, callbacks: { beforeNodeMorphed: keepOpen } });
    },
  };
  htmx.defineExtension("morph", extension as unknown as Parameters<typeof htmxType.defineExtension>[1]);
}

/** What a person opened stays open, though the server's answer says nothing about it. */
function keepOpen(from: Node, to: Node): void {
  if (from instanceof HTMLDetailsElement && to instanceof HTMLDetailsElement && from.id && from.id === to.id) to.open = from.open;
}
