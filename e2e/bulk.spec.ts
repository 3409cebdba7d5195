import { expect, signIn, test, wellMade } from "./kit";

/** Many contracts and tasks changed at once: chosen, looked at, written and taken back. */
test("changes in bulk", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const phase = `段階${kit.lang}${kit.phone ? "p" : "d"}`;
  await signIn(page, kit);
  const counted = (key: string) => page.locator(".counts a").filter({ hasText: t(key) });
  const undo = () => page.locator('form[action$="/undo"] button:not([aria-label])').last();

  await test.step("three contracts", async () => {
    await page.goto("/contracts");
    const boxes = page.locator('input[form="picker"]');
    const some = page.getByRole("button", { name: t("contract.pick.some"), exact: true });
    await expect(some).toBeHidden();
    await boxes.first().check();
    if (kit.phone) { await boxes.nth(1).check(); await boxes.nth(2).check(); } else {
      await boxes.nth(2).click({ modifiers: ["Shift"] }); // all between
      await page.locator("#rows tr:not(.month)").nth(3).locator("a").first().focus();
      await page.keyboard.press("Shift+KeyX");
      await expect(page.locator("#picker output")).toContainText("4");
      await page.keyboard.press("Shift+KeyX");
    }
    await expect(page.locator("#picker output")).toContainText("3");
    await page.locator("#picker").evaluate((e) => e.scrollIntoView({ block: "center" })); // else the bar lies over half a row, which axe takes for a small target
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await wellMade(page);
    await some.click();
    await wellMade(page);
    await page.getByRole("link", { name: t("contract.attr.phase"), exact: true }).click();
    await page.locator("#bulk-new").fill(phase);
    await page.getByRole("button", { name: t("bulk.look"), exact: true }).click();
    await expect(counted("bulk.outcome.change")).toContainText("3");
    await expect(page.locator("#bulk-rows tr")).toHaveCount(3);
    await wellMade(page);
    await page.getByRole("button", { name: t("bulk.apply", { Count: "3" }), exact: true }).click();
    await expect(page.locator("#toasts")).toContainText(t("bulk.said.applied", { Count: "3" }));
    await wellMade(page);
    await page.locator("#bulk-rows a").first().click();
    await expect(page.locator("#trail")).toContainText(t("timeline.bulk"));
    await page.getByRole("link", { name: t("timeline.bulk"), exact: true }).first().click();
    await undo().click();
    await expect(counted("bulk.outcome.back")).toContainText("3");
    await page.getByRole("link", { name: t("bulk.acts"), exact: true }).click();
    await expect(page.locator("#acts")).toContainText(phase);
    await wellMade(page);
  });

  await test.step("all that match", async () => {
    await page.goto("/contracts?owner=me");
    await page.locator('#picker button[name="all"]').click();
    await page.getByRole("link", { name: t("contract.attr.department"), exact: true }).click();
    await page.locator("#bulk-new").fill(phase);
    await page.getByRole("button", { name: t("bulk.look"), exact: true }).click();
    await expect(counted("bulk.outcome.change")).toBeVisible();
    await page.locator('form[action$="/apply"] button').click();
    await expect(counted("bulk.outcome.done")).toBeVisible();
    await page.locator("#toasts").getByRole("button", { name: t("shell.undo"), exact: true }).click();
    await expect(counted("bulk.outcome.back")).toBeVisible();
  });

  await test.step("tasks are done and opened again", async () => {
    await page.goto("/tasks?as=table&owner=all");
    const boxes = page.locator('input[form="picker"]');
    await boxes.first().check();
    await boxes.nth(1).check();
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight)); // where the bar lies over no row by half
    await wellMade(page);
    await page.getByRole("button", { name: t("task.pick.some"), exact: true }).click();
    await wellMade(page);
    await page.locator("#bulk-why").fill("まとめて確認");
    await page.getByRole("button", { name: t("bulk.look"), exact: true }).click();
    await expect(counted("bulk.outcome.change")).toContainText("2");
    await page.locator('form[action$="/apply"] button').click();
    await expect(counted("bulk.outcome.done")).toContainText("2");
    await wellMade(page);
    await undo().click();
    await expect(counted("bulk.outcome.back")).toContainText("2");
  });
});
