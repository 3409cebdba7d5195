import { expect, signIn, test, wellMade } from "./kit";

/** One field for places, for what a page can do and for what people wrote; by keyboard, and on a phone by its button. */
test("the palette", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  await signIn(page, kit);
  const palette = page.locator("#palette");
  const field = palette.getByRole("combobox");
  const open = async () => {
    if (kit.phone) {
      await page.goto("/more");
      await page.getByRole("link", { name: t("shell.key.palette"), exact: true }).click();
    } else await page.keyboard.press("Control+k");
    await expect(field).toBeFocused();
  };

  await test.step("goes to a place by its reading", async () => {
    await page.goto("/today");
    await open();
    await expect(palette.locator("[data-group=go]")).toBeVisible();
    await wellMade(page);
    await field.fill("けいやく");
    await expect(palette.locator('[aria-selected="true"]')).toHaveText(t("shell.place.contracts"));
    await field.press("Enter");
    await expect(page).toHaveURL(/\/contracts$/);
  });

  await test.step("an Enter that ends a conversion opens nothing", async () => {
    await open();
    await field.fill("きょう");
    await field.evaluate((el) => el.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true })));
    await expect(palette).toBeVisible();
    await field.press("Escape");
    await expect(palette).toBeHidden();
  });

  await test.step("finds a note by its words and lands on it", async () => {
    await page.goto("/contracts?sort=name");
    await page.locator("#rows .name a").first().click();
    await expect(page).toHaveURL(/\/contracts\/\d+/);
    const contract = page.url();
    const words = `はとどけい${kit.lang}${kit.phone ? "p" : "d"}の音`;
    await page.locator(".note-box:not(.reply) textarea").fill(words);
    await page.locator(".note-box:not(.reply) textarea").press("Control+Enter");
    await expect(page.locator("main")).toContainText(words);
    await page.goto("/contracts");
    await open();
    await field.fill(words);
    const hit = palette.locator("[data-group=found] [role=option]").first();
    await expect(hit).toContainText(words);
    await wellMade(page);
    await hit.click();
    await expect(page).toHaveURL(new RegExp(new URL(contract).pathname));
    await expect(page.locator("main")).toContainText(words);
  });

  await test.step("offers the contracts just seen", async () => {
    await page.goto("/today");
    await open();
    await expect(palette.locator("[data-group=recent] [role=option]").first()).toBeVisible();
    await field.press("Escape");
  });

  if (!kit.phone) await test.step("does what the page can do, and gives the focus back", async () => {
    await page.goto("/contracts");
    await page.locator("#search").focus();
    await page.keyboard.press("Control+k"); // from inside a field, too
    await expect(field).toBeFocused();
    await field.press("Escape");
    await expect(page.locator("#search")).toBeFocused();
    await page.keyboard.press("Control+k");
    await field.fill(t("contract.add"));
    await expect(palette.locator('[aria-selected="true"]')).toHaveText(t("contract.add"));
    await field.press("Enter");
    await expect(page).toHaveURL(/\/contracts\/new/);
  });

  await test.step("without a connection the commands still work", async () => {
    await page.goto("/today");
    await open();
    await page.route("**/palette/found*", (route) => route.abort());
    await field.fill("めんばー");
    await expect(palette.getByRole("status")).toHaveText(t("shell.offline"));
    await field.press("Enter");
    await expect(page).toHaveURL(/\/members/);
  });
});
