/** On every page: htmx with morphing, keys, dialogs, toasts. Each is a small part of its own. */
import htmx from "htmx.org";
import { answers } from "./lib/answers";
import { busy } from "./lib/busy";
import { dialogs } from "./lib/dialogs";
import { drafts } from "./lib/drafts";
import { keyboard } from "./lib/keyboard";
import { morph } from "./lib/morph";
import { toasts } from "./lib/toasts";

window.htmx = htmx;
morph(htmx);
answers();
busy();
dialogs();
drafts();
keyboard();
toasts();
