import type { Page } from "@playwright/test";
import { expect, signInAs, test, wellMade, type Kit } from "./kit";

/** Somebody else comes to the same screen. */
async function next(page: Page, kit: Kit, name: string): Promise<void> {
  await page.context().clearCookies();
  await signInAs(page, kit, name);
}

/** Twenty contracts change hands in one go: nothing has to be asked for, and nothing is lost. */
test("twenty contracts are handed over", async ({ page, kit }) => {
  test.setTimeout(180_000);
  const { t } = kit;
  const mine = `H${kit.lang}${kit.phone ? "p" : "d"}`;
  const words = `来週から休みます ${mine}`;
  await signInAs(page, kit, "kitahara");

  await test.step("twenty contracts of one's own", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${mine}-${i + 1},株式会社ガンマ${mine}${i + 1},配車,北原 光,2027/3/31`).join("\n");
    await page.goto("/import");
    await page.setInputFiles('input[type="file"]', { name: "twenty.csv", mimeType: "text/csv", buffer: Buffer.from(`契約ID,会社名,契約名,担当,更新日\n${rows}\n`) });
    await page.locator('input[name="source"]').fill("twenty " + mine);
    await page.locator("main form[enctype] button").first().click();
    await page.locator('form[action$="/apply"] button.btn').first().click();
    await expect(page.locator("main")).toContainText(t("intake.undo"));
  });

  await test.step("a task made by hand, a few words", async () => {
    await page.goto(`/contracts?q=${mine}-20`);
    await page.getByRole("link", { name: new RegExp(`ガンマ${mine}20`) }).first().click();
    await page.locator("#note").fill(`電話が早い方です ${mine}`);
    await page.locator("#note").press("Control+Enter");
    await expect(page.locator("#trail .entry.note").first()).toContainText(mine);
    await page.locator("#contract-tasks summary", { hasText: t("task.add") }).click();
    await page.locator("#task-title").fill(`カタログを送る ${mine}`);
    await page.locator("#task-due").fill(kit.lang === "ja" ? "今日" : "today");
    await page.locator('#contract-tasks form[action="/tasks"] button').click();
    await expect(page.locator("#contract-tasks")).toContainText(`カタログを送る ${mine}`);
    await expect(page.locator('#facts a[href^="/handover?contract="]')).toBeVisible();
    await wellMade(page);
  });

  const hand = async () => {
    await page.goto("/handover");
    const boxes = page.locator(".picks li");
    for (const box of await boxes.filter({ hasNotText: `ガンマ${mine}` }).locator("input").all()) await box.uncheck();
    await expect(page.locator("#handover-line")).toContainText(t("handover.line", { Count: "20" }));
    await page.locator("#handover-to").selectOption({ label: "中野 翔太" });
    await page.locator("#handover-words").fill(words);
    await wellMade(page);
    await page.locator("form.handing button.btn").first().click();
    await expect(page).toHaveURL(/\/handover\/acts\/\d+/);
    await expect(page.locator("main ul a")).toHaveCount(20);
    await wellMade(page);
  };

  await test.step("hand them over, think better of it, hand them over", async () => {
    await hand();
    await page.locator('form[action$="/undo"] button').click();
    await expect(page).toHaveURL(/\/handover$/);
    await expect(page.locator(".picks li", { hasText: `ガンマ${mine}` })).toHaveCount(20);
    await hand();
  });

  await test.step("the new owner's Today opens with them", async () => {
    await next(page, kit, "nakano");
    const rows = page.locator("#queue > li");
    await expect(rows.first()).toContainText(`ガンマ${mine}20`);
    await expect(rows.first()).toContainText(words.slice(0, 8));
    await expect(rows.nth(5)).toContainText(t("handover.more", { Count: "15" }));
    await expect(page.locator("#sheet .handed-words")).toContainText(words);
    await expect(page.locator("#sheet .handed")).toContainText(`電話が早い方です ${mine}`);
    await wellMade(page);
  });

  await test.step("take the task, and settle", async () => {
    const card = page.locator("#sheet .handed");
    await card.locator('form[action$="/take"] button').first().click();
    await expect(card.locator('form[action$="/take"]')).toHaveCount(0);
    await expect(card).toContainText(`カタログを送る ${mine}`);
    await wellMade(page);
    await page.locator('#sheet form[action$="/settle"] button').click();
    await expect(page.locator("#queue > li").first()).toContainText(`ガンマ${mine}19`);
    await expect(page.locator(".toast").first()).toBeVisible();
  });

  await test.step("the rest, one card each", async () => {
    await page.goto("/handover/mine");
    await expect(page.locator("details.handed-card")).toHaveCount(10);
    await page.locator("#pager a").click();
    await expect(page.locator("details.handed-card")).toHaveCount(19);
    await page.locator("details.handed-card > summary").first().click();
    await wellMade(page);
    await page.locator('details.handed-card[open] form[action$="/settle"] button').click();
    await expect(page.locator(".toast").first()).toBeVisible();
  });

  await test.step("a deputy for a few days", async () => {
    await page.goto("/me");
    await page.locator("#cover-deputy").selectOption({ label: "北原 光" });
    await page.locator("#cover-from").fill(kit.lang === "ja" ? "今日" : "today");
    await page.locator("#cover-to").fill(kit.lang === "ja" ? "3日後" : "in 3 days");
    await page.locator('form[action="/covers"] button.btn').last().click();
    await expect(page.locator("#cover .covers")).toContainText("北原 光");
    await wellMade(page);
    await next(page, kit, "kitahara");
    await expect(page.locator("#queue")).toContainText(t("today.for", { Name: "中野 翔太", What: "" }).trim().replace(/:$/, ""));
    await wellMade(page);
    await next(page, kit, "nakano"); // put things back for those who come after
    await page.goto("/me");
    await page.locator('#cover form[action$="/delete"] button').first().click();
    await expect(page.locator("#cover .covers")).toHaveCount(0);
  });
});
