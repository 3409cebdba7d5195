import { expect, signIn, signInAs, test, wellMade } from "./kit";

/** What one writes, the other sees arrive, and answers in place. */
test("everyone's words", async ({ page, browser, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const mine = `E${kit.lang}${kit.phone ? "p" : "d"}${Date.now()}`;
  await signIn(page, kit);
  await page.goto("/everyone");
  await expect(page.locator("#feed .entry").first()).toBeVisible();
  await wellMade(page);

  const other = await browser.newContext({ locale: kit.lang, viewport: page.viewportSize() });
  const theirs = await other.newPage();
  await signInAs(theirs, kit, "tamura", kit.other === new URL(page.url()).origin ? "" : kit.other);
  await theirs.goto(new URL("/contracts", theirs.url()).href);
  await theirs.locator('#rows .name a').first().click();
  await theirs.locator("#note").fill(`きょうの発見 ${mine}`);
  await theirs.locator("#note").press("Control+Enter");
  await expect(theirs.locator("#trail")).toContainText(mine);

  await expect(page.locator("#feed")).toContainText(`きょうの発見 ${mine}`, { timeout: 15_000 }); // nobody reloaded
  const entry = page.locator("#feed .entry", { hasText: mine });
  await entry.getByRole("link", { name: t("timeline.reply"), exact: true }).click();
  await entry.locator("textarea").fill(`それはいい ${mine}`);
  await entry.locator("textarea").press("Control+Enter");
  await expect(page.locator("#feed .replies", { hasText: `それはいい ${mine}` })).toBeVisible();
  await wellMade(page);

  await theirs.goto(new URL("/everyone", theirs.url()).href);
  await expect(theirs.locator("#feed")).toContainText(`それはいい ${mine}`);
  await theirs.locator("#feed .where a[href*='by=']").first().click();
  await expect(theirs.locator("h1")).toContainText(t("everyone.words_of", { Name: "" }).trim());
  await wellMade(theirs);
  await other.close();
});
