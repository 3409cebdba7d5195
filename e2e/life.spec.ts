import { expect, signIn, signInAs, test, wellMade, type Kit } from "./kit";
import type { Page } from "@playwright/test";

/** A contract of one's own, so that the walks of all projects stay apart. */
async function contractOf(page: Page, kit: Kit, name: string): Promise<string> {
  await page.goto("/contracts/new");
  await page.locator('input[name="organization"]').fill(`株式会社いのち${name}`);
  await page.locator('input[name="name"]').fill(`契約${name}`);
  await page.locator('input[name="start_date"]').fill("2026/4/1");
  await page.locator('input[name="renewal_date"]').fill("2027/3/31");
  await page.locator('input[name="amount"]').fill("100000");
  await page.locator('select[name="amount_basis"]').selectOption("monthly");
  await page.locator("main form button.btn").first().click();
  await expect(page).toHaveURL(/\/contracts\/\d+$/);
  return page.url();
}

/** The life of a contract: it changes in mid-term, renews, shrinks and is lost, each with its reasons. */
test("a contract lives", async ({ page, kit }) => {
  test.setTimeout(180_000);
  const { t } = kit;
  const mine = `L${kit.lang}${kit.phone ? "p" : "d"}`;
  await signIn(page, kit);
  const contract = await contractOf(page, kit, mine);

  await test.step("another amount in mid-term", async () => {
    await page.locator('#terms a[href$="/amend"]').click();
    await page.locator('input[name="effective"]').fill("2026/10/1");
    await page.locator('input[name="amount"]').fill("12万円");
    await wellMade(page);
    await page.getByRole("button", { name: t("renewal.do") }).click();
    await expect(page.locator("#terms .amended")).toContainText("120,000");
    await wellMade(page);
  });

  const end = async (outcome: string, more: () => Promise<void>) => {
    await page.goto(contract);
    await page.locator('#terms a[href$="/renew"]').click();
    await page.locator("#sheet").getByText(t("renewal.outcome." + outcome), { exact: true }).click();
    await more();
    await page.getByRole("button", { name: t("renewal.do") }).click();
    await expect(page).toHaveURL(contract);
  };

  await test.step("renewed as it was", async () => {
    await end("renewed", async () => {
      await expect(page.locator('input[name="amount"]')).toHaveValue("120000");
      await page.locator('input[name="stay"]').first().check();
    });
    await expect(page.locator("#terms li")).toHaveCount(2);
  });

  await test.step("shrunk, with a reason and a word", async () => {
    await end("downsell", async () => {
      await page.locator('input[name="amount"]').fill("60000");
      await page.locator('input[name="leave"]').nth(3).check();
      await page.locator('textarea[name="words"]').fill("席が半分に");
    });
    await expect(page.locator("#terms ul")).toContainText("席が半分に");
    await expect(page.locator("#trail")).toContainText("席が半分に");
  });

  await test.step("lost, and still to be found", async () => {
    await end("churned", async () => { await page.locator('input[name="leave"]').first().check(); });
    await expect(page.locator("#terms ul")).toContainText(t("renewal.outcome.churned"));
    await wellMade(page);
    await page.goto(`/contracts?q=${mine}&ended=1`);
    await expect(page.locator("main")).toContainText(`契約${mine}`);
  });
});

/** What is locked is there for those named, and nowhere for anybody else. */
test("a note is locked", async ({ page, browser, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const mine = `S${kit.lang}${kit.phone ? "p" : "d"}`;
  await signIn(page, kit);
  const contract = await contractOf(page, kit, mine);

  await page.locator("#note").fill(`ここだけの話 ${mine}`);
  await page.locator("#note-box .readers > summary").click();
  await page.locator("#note-box label", { hasText: t("shell.readers.some") }).click();
  await page.locator("#note-box .choices label", { hasText: "松井 里佳" }).click();
  await wellMade(page);
  await page.locator("#note-box button.btn").last().click();
  await expect(page.locator("#trail .only").first()).toContainText("松井 里佳");
  await wellMade(page);
  const link = contract.replace(/contracts\/\d+$/, "") ;
  expect(link).toContain("http");

  const other = await browser.newContext({ locale: kit.lang, viewport: page.viewportSize() });
  const theirs = await other.newPage();
  await signInAs(theirs, kit, "tamura");
  await theirs.goto(contract);
  await expect(theirs.locator("h1")).toContainText(`いのち${mine}`);
  await expect(theirs.locator("body")).not.toContainText("ここだけの話");
  for (const path of ["/today", "/inbox", "/contracts?q=" + mine, "/everyone"]) {
    await theirs.goto(new URL(path, contract).href);
    await expect(theirs.locator("body")).not.toContainText("ここだけの話");
  }

  await page.goto(contract + "/readers"); // the whole contract, now
  await page.locator("label", { hasText: t("shell.readers.some") }).click();
  await page.locator(".choices label", { hasText: "松井 里佳" }).click();
  await wellMade(page);
  await page.getByRole("button", { name: t("contract.readers_save") }).click();
  await expect(page.locator("h1 ~ .only, .only").first()).toContainText("松井 里佳");
  expect((await theirs.goto(contract))!.status()).toBe(404);
  await theirs.goto(new URL("/contracts?q=" + mine, contract).href);
  await expect(theirs.locator("main")).not.toContainText(`契約${mine}`);
  await other.close();
});
