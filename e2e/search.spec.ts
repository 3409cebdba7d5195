import { expect, signIn, test, wellMade } from "./kit";

test("Something once written is found again, as it is typed and with filters", async ({ page, kit }) => {
  const { t } = kit;
  await signIn(page, kit);
  const said = `ｻｰﾊﾞｰの稟議が紺碧${kit.lang}で止まっている`;
  await page.goto("/contracts");
  await page.locator("td.name a").first().click();
  await page.locator("#note").fill(said);
  await page.keyboard.press("Control+Enter");
  await expect(page.locator("#trail")).toContainText(said);

  // From the box at the top, by Enter: found by the first query after its answer.
  await page.locator("#search").fill("紺碧" + kit.lang);
  await page.locator("#search").press("Enter");
  await expect(page).toHaveURL(/\/search\?q=/);
  await expect(page.locator("#hits .hit")).toHaveCount(1);
  await expect(page.locator("#hits mark").first()).toHaveText("紺碧" + kit.lang);

  // As it is typed, and the address follows.
  await page.locator("#words").fill("");
  await page.locator("#words").pressSequentially(`さーばー 稟議 紺碧${kit.lang}`);
  await expect(page.locator("#hits mark").first()).toHaveText("ｻｰﾊﾞ");
  await expect(page.locator("#words")).toBeFocused();
  await expect(page).toHaveURL(new RegExp(encodeURIComponent("さーばー")));

  await page.locator("#words").fill(`紺碧${kit.lang} -稟議`);
  await expect(page.locator("#found .empty")).toContainText(t("search.nothing"));
  await page.locator("#words").fill(`紺碧${kit.lang} ${t("search.filter.author")}だれでもない`);
  await expect(page.locator("#found")).toContainText("だれでもない");

  await page.locator("#words").fill("更新");
  await expect(page.locator("#hits .hit").nth(3)).toBeVisible();
  await wellMade(page);
  await page.getByRole("link", { name: t("search.kind.note"), exact: true }).first().click();
  await expect(page.locator('#hits .hit:not([data-kind="note"])')).toHaveCount(0);

  await page.goto("/search?q=" + encodeURIComponent("紺碧" + kit.lang));
  await page.locator("#hits .hit a").click();
  await expect(page.locator("main")).toContainText(said);
});

test("The empty page teaches, and works without a script", async ({ browser, page, kit }) => {
  await signIn(page, kit);
  await page.goto("/search");
  await expect(page.locator("#words")).toBeFocused();
  await wellMade(page);
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const bare = await plain.newPage();
  await bare.goto(new URL("/search", page.url()).href);
  await bare.locator("#words").fill("更新");
  await bare.locator(".search-box button").click();
  await expect(bare.locator("#hits .hit").first()).toBeVisible();
  await bare.locator(".sides a").first().click();
  await expect(bare.locator("#hits .hit").first()).toBeVisible();
  await plain.close();
});
