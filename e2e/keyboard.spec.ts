import { expect, signIn, test } from "./kit";

/** For the projects with a keyboard; see testIgnore in playwright.config.ts. */

test("Today is cleared from the keyboard", async ({ page, kit }) => {
  const { t } = kit;
  await signIn(page, kit);
  const rows = page.locator("#queue > li");
  const before = await rows.count();
  const current = page.locator("#queue a[aria-current]");

  await page.keyboard.press("j");
  await expect(rows.nth(1).locator("a")).toHaveAttribute("aria-current", "true");
  await page.keyboard.press("k");
  await expect(rows.nth(0).locator("a")).toHaveAttribute("aria-current", "true");

  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/today/);

  await page.keyboard.press("c");
  await expect(page.locator("#note")).toBeFocused();
  await page.keyboard.type("電話した。" + kit.lang);
  await page.keyboard.press("Control+Enter");
  await expect(page.locator("#trail")).toContainText("電話した。" + kit.lang);
  await expect(page.locator("#note")).toHaveValue("");
  expect(await page.evaluate(() => scrollY)).toBe(0); // writing at the sticky edge moves nothing
  await expect(async () => {
    await page.keyboard.press("Escape");
    await expect(page.locator("#note")).not.toBeFocused({ timeout: 300 });
  }).toPass();

  const first = await current.getAttribute("href");
  await page.keyboard.press("x");
  await expect(page.locator(".toast")).toBeVisible();
  await expect.poll(async () => (await rows.count()) < before || (await current.getAttribute("href")) === first).toBe(true);

  await page.keyboard.press("?");
  await expect(page.locator("#help")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator("#queue-head")).toContainText(/\d/);
  await expect(page.locator("#queue-head")).toContainText(t("shell.place.today"));
});

test("Enter that ends a Japanese conversion posts nothing", async ({ page, kit }) => {
  await signIn(page, kit);
  await page.goto("/contracts");
  await page.locator("td.name a").first().click();
  const count = await page.locator("#trail .entry.note").count();
  await page.locator("#note").focus();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Input.imeSetComposition", { text: "やばい", selectionStart: 3, selectionEnd: 3 });
  await page.keyboard.press("Control+Enter");
  await cdp.send("Input.insertText", { text: "ヤバい" });
  await expect(page.locator("#note")).toHaveValue(/ヤバい/);
  expect(await page.locator("#trail .entry.note").count()).toBe(count);
});
