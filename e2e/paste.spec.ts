import { expect, signIn, test, wellMade } from "./kit";

/** A list pasted from a spreadsheet; at renewal its tool gives a contract a new number. */
test("paste a list, and let a new number go on", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const mine = `${kit.lang}${kit.phone ? "p" : "d"}${Date.now() % 1_000_000}`;
  const head = ["契約番号", "契約名", "会社名", "部署", "開始日", "更新日"].join("\t");
  const other = [`O-${mine}`, "倉庫", `綿雲${mine}`, "", "2026-06-01", "2027-05-31"].join("\t");
  const old = [`A-${mine}`, "サポート", `みなと${mine}`, "情報システム部", "2025-12-01", "2026-11-30"].join("\t");
  const next = [`B-${mine}`, "サポート", `みなと${mine}`, "情報システム部", "2026-12-01", "2027-11-30"].join("\t");
  const paste = async (rows: string[]) => {
    await page.goto("/imports");
    await page.locator("summary", { hasText: t("intake.paste") }).click();
    await page.locator('textarea[name="pasted"]').fill([head, ...rows].join("\n"));
    await page.locator('input[name="source"]').fill("paste " + mine);
    await wellMade(page);
    await page.getByRole("button", { name: t("intake.look") }).click();
    await expect(page.locator(".counts")).toBeVisible();
  };
  await signIn(page, kit);

  await test.step("paste", async () => {
    await paste([old, other]);
    await page.locator('form[action$="/apply"] button.btn').first().click();
    await expect(page.locator("main")).toContainText(t("intake.undo"));
    await page.goto(`/contracts?q=A-${mine}`);
    await page.getByRole("link", { name: new RegExp(`みなと${mine}`) }).first().click();
    await page.locator("#note").fill(`担当の方が替わるそう ${mine}`);
    await page.locator("#note").press("Control+Enter");
    await expect(page.locator("#trail .entry.note").first()).toContainText(mine);
  });

  await test.step("the new number is offered as a renewal", async () => {
    await paste([next, other]);
    const pick = page.getByLabel(new RegExp(`B-${mine}`));
    await expect(pick.locator("option:checked")).toContainText(`A-${mine}`);
    await wellMade(page);
    await page.getByRole("button", { name: t("intake.succeed") }).click();
    await expect(page.locator("#updated")).toContainText(`B-${mine}`);
    await expect(page.locator("#absent")).toHaveCount(0);
    await wellMade(page);
    await page.locator('form[action$="/apply"] button.btn').first().click();
    await expect(page.locator("main")).toContainText(t("intake.undo"));
  });

  await test.step("what was written goes on with it", async () => {
    await page.goto(`/contracts?q=B-${mine}`);
    await page.getByRole("link", { name: new RegExp(`みなと${mine}`) }).first().click();
    await expect(page.locator("#trail")).toContainText(`担当の方が替わるそう ${mine}`);
    await expect(page.locator("#trail")).toContainText(`B-${mine}`);
    await wellMade(page);
  });
});
