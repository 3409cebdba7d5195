/** Holds the one connection of all pages of a browser, while any of them is looked at. */
interface Shared { onconnect: ((e: MessageEvent) => void) | null }

const awake = new Set<MessagePort>();
let source: EventSource | null = null;

function tell(what: string): void {
  for (const port of awake) port.postMessage(what);
}

function settle(): void {
  if (awake.size === 0) {
    source?.close();
    source = null;
  } else if (!source) {
    source = new EventSource("/live");
    source.addEventListener("changed", () => tell("changed"));
    source.addEventListener("open", () => tell("open"));
    source.addEventListener("over", () => { source?.close(); source = null; });
  }
}

(self as unknown as Shared).onconnect = (e: MessageEvent): void => {
  const port = e.ports[0]!;
  port.onmessage = (m: MessageEvent<string>): void => {
    if (m.data === "on") awake.add(port);
    else awake.delete(port);
    if (m.data === "on" && source?.readyState === EventSource.OPEN) port.postMessage("open");
    settle();
  };
  port.start();
};
