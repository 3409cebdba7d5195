import { expect, signIn, test, wellMade } from "./kit";

/** What ends when, what is expected of it, and what stands behind a figure. */
test("renewals and what stays", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const why = `席が増えそう ${kit.lang}${kit.phone ? "p" : "d"}`;
  await signIn(page, kit);

  await test.step("say what is expected of a renewal", async () => {
    await page.goto("/renewals");
    await wellMade(page);
    await page.locator('#rows a[href*="/forecast"]').nth(3).click();
    await page.locator("#sheet").getByText(t("revenue.call.grow"), { exact: true }).click();
    await page.locator('input[name="why"]').fill(why);
    await page.getByRole("button", { name: t("revenue.keep") }).click();
    await expect(page.locator("#forecast-amount-error")).toContainText(t("revenue.err.amount"));
    await wellMade(page);
    await page.locator('input[name="amount"]').fill("9,990,000");
    await page.getByRole("button", { name: t("revenue.keep") }).click();
    await expect(page).toHaveURL(/\/renewals/);
    await expect(page.locator("#rows")).toContainText(why);
    await wellMade(page);
  });

  await test.step("narrow down by period and forecast", async () => {
    await page.goto("/renewals?call=grow");
    await expect(page.locator("#rows")).toContainText(why);
    await page.getByRole("link", { name: t("revenue.next_year"), exact: true }).click();
    await expect(page.locator("main")).not.toContainText(why);
  });

  await test.step("from a figure to the contracts behind it", async () => {
    await page.goto("/renewals/retention?by=year");
    await wellMade(page);
    await page.locator("details.definitions summary").click();
    await expect(page.locator("details.definitions")).toContainText(t("revenue.def.nrr_text"));
    await page.locator("tbody tr").nth(1).getByRole("link").nth(1).click();
    await expect(page).toHaveURL(/\/renewals\/behind/);
    await wellMade(page);
    await page.locator('tbody a[href^="/contracts/"]').first().click();
    await expect(page.locator("#worth")).toContainText("ARR");
    await wellMade(page);
  });
});
