import type { Locator, Page } from "@playwright/test";
import { expect, signIn, test, wellMade } from "./kit";

/** A picture of 900 × 600 as the browser itself would put it on the clipboard. */
async function paste(page: Page, field: Locator): Promise<void> {
  await field.evaluate(async (el) => {
    const canvas = new OffscreenCanvas(900, 600);
    const pen = canvas.getContext("2d")!;
    pen.fillStyle = "#164a73";
    pen.fillRect(0, 0, 900, 600);
    pen.fillStyle = "#fcfaf5";
    for (let i = 0; i < 9; i++) pen.fillRect(60 + i * 90, 560 - i * 50, 50, i * 50);
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob()], "image.png", { type: "image/png" }));
    el.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
}

async function drop(page: Page, place: Locator, name: string, text: string): Promise<void> {
  const data = await page.evaluateHandle(([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text!], name!, { type: "text/plain" }));
    return data;
  }, [name, text]);
  for (const type of ["dragenter", "dragover", "drop"]) await place.dispatchEvent(type, { dataTransfer: data });
}

async function openContract(page: Page): Promise<string> {
  await page.goto("/contracts");
  await page.locator("#rows .name a").first().click();
  await expect(page.locator("#note")).toBeVisible();
  return page.url();
}

const pdf = Buffer.from("%PDF-1.7\n" + " ".repeat(1200 * 1024));

/** A picture is pasted, a PDF chosen, a text dropped; one is taken back; the rest is posted and opened. */
test("files go with a note", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const mine = `F${kit.lang}${kit.phone ? "p" : "d"}${Date.now()}`;
  await signIn(page, kit);
  await openContract(page);
  const box = page.locator("#note-box");
  const chips = box.locator(".upload:not([aria-busy])");
  await page.locator("#note").fill(`画面を見てほしい ${mine}`);
  await paste(page, page.locator("#note"));
  await expect(chips).toHaveCount(1);
  const chooser = page.waitForEvent("filechooser");
  await box.locator("label.attach").click();
  await (await chooser).setFiles([{ name: `議事録 ${mine}.pdf`, mimeType: "application/pdf", buffer: pdf }]);
  await expect(chips).toHaveCount(2);
  await drop(page, page.locator("#trail-panel"), "余計なもの.txt", "x");
  await expect(chips).toHaveCount(3);
  await wellMade(page);
  await chips.nth(2).locator("label").click();
  await expect(chips).toHaveCount(2);

  await page.locator("#note").press("Control+Enter");
  const entry = page.locator("#trail .entry", { hasText: mine }).first();
  await expect(entry.locator(".files li")).toHaveCount(2);
  await expect(chips).toHaveCount(0);
  await expect(page.locator("#note")).toHaveValue("");
  await expect(entry.locator(".files")).toContainText(`議事録 ${mine}.pdf 1.2 MB`);
  const picture = entry.locator(".files img");
  await expect(picture).toHaveAttribute("alt", "image.png");
  await expect.poll(() => picture.evaluate((el: HTMLImageElement) => el.naturalWidth)).toBe(640);
  await wellMade(page);

  await page.goto("/everyone");
  await expect(page.locator("#feed .entry", { hasText: mine }).locator(".files img")).toBeVisible();
  const href = await page.locator("#feed .entry", { hasText: mine }).locator("a.picture").getAttribute("href");
  await page.locator("#feed .entry", { hasText: mine }).locator("a.picture").click();
  await expect(page).toHaveURL(new RegExp(`${href}$`));
  expect(await page.locator("img").evaluate((el: HTMLImageElement) => el.naturalWidth)).toBe(900);
  await page.goBack();
  const download = page.waitForEvent("download");
  await page.locator("#feed .entry", { hasText: mine }).locator(".files a:not(.picture)").click();
  expect((await download).suggestedFilename()).toBe(`議事録 ${mine}.pdf`);

  await page.goto(`/search?q=${mine}&kind=file`);
  await page.locator("#hits a").first().click();
  await expect(page.locator("#trail .entry", { hasText: mine })).toBeVisible();
  await expect(page.getByText(t("shell.note.restored"))).toHaveCount(0); // what is posted is no draft
});

/** Who is led to what somebody sent runs none of it, whatever it is called. */
test("what is sent runs nothing", async ({ page, context, kit }) => {
  await signIn(page, kit);
  await openContract(page);
  const script = `<script>fetch("/me"); document.title = "ran"; top.ran = true; alert(1)</script>`;
  const sent = { "a.html": `<!DOCTYPE html><title>no</title>${script}`, "a.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">${script.replace("&", "&amp;")}</svg>`, "a.png": `<html><body onload="alert(1)">${script}` };
  await page.locator("#note-box input[type=file]").setInputFiles(Object.entries(sent).map(([name, text]) => ({ name, mimeType: "text/html", buffer: Buffer.from(text) })));
  await expect(page.locator("#note-box .upload:not([aria-busy])")).toHaveCount(3);
  const addresses = await page.locator("#note-box .upload input").evaluateAll((all) => all.map((el) => `/files/${(el as HTMLInputElement).value}`));
  await page.locator("#note").fill("あやしい添付");
  await page.locator("#note").press("Control+Enter");
  await expect(page.locator("#trail .entry").filter({ hasText: "あやしい添付" }).first().locator(".files a")).toHaveCount(3);
  const led = await context.newPage(); // its console may complain: it has reason to
  const did: string[] = [];
  led.on("dialog", (d) => { did.push("dialog " + d.message()); void d.dismiss(); });
  context.on("request", (r) => { if (r.url().endsWith("/me")) did.push(r.url()); });
  await led.goto("/today");
  for (const address of addresses) {
    const download = led.waitForEvent("download");
    await led.goto(address).catch(() => undefined); // a download ends the navigation
    await download;
    // Taken for a script, a picture or a frame by a page of ours, it is none.
    const loaded = await led.evaluate(async (src) => {
      const tries = ["script", "img", "iframe", "object"].map((tag) => new Promise<string>((done) => {
        const el = document.createElement(tag) as HTMLImageElement;
        el.onload = () => done(tag);
        el.onerror = () => done("");
        setTimeout(() => done(""), 500);
        tag === "object" ? el.setAttribute("data", src) : (el.src = src);
        document.body.append(el);
      }));
      return (await Promise.all(tries)).filter((tag) => tag === "script" || tag === "img");
    }, address);
    expect(loaded).toEqual([]);
    expect(await led.evaluate(() => ["ran" in window, document.title === "ran"])).toEqual([false, false]);
  }
  expect(did).toEqual([]);
});

/** A closed tab loses no words; another contract has its own; who posts, throws away or signs out leaves none. */
test("drafts survive a closed tab", async ({ page, context, kit }) => {
  const { t } = kit;
  await signIn(page, kit);
  const at = await openContract(page);
  await page.locator("#note").pressSequentially("書きかけのひとこと");
  await page.close();
  const next = await context.newPage();
  await next.goto(at);
  await expect(next.locator("#note")).toHaveValue("書きかけのひとこと");
  await expect(next.locator("#note-box")).toContainText(t("shell.note.restored"));
  await wellMade(next);
  await next.goto("/contracts");
  await next.locator("#rows .name a").nth(1).click();
  await expect(next.locator("#note")).toHaveValue("");
  await next.goto(at);
  await next.getByRole("button", { name: t("shell.note.discard") }).click();
  await expect(next.locator("#note")).toHaveValue("");
  await next.reload();
  await expect(next.locator("#note")).toHaveValue("");
  await next.locator("#note").pressSequentially("もう一度");
  await next.goto("/me");
  await next.locator('form[action="/signout"] button').click();
  await expect(next).toHaveURL(/signin/);
  expect(await next.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith("kizuki.draft.")))).toEqual([]);
});
