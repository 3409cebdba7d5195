import { expect, signIn, test, wellMade } from "./kit";

/** The same contracts as a board, a calendar and a divided table, and a way to look at them that is kept. */
test("ways to look at contracts", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  await signIn(page, kit);
  await page.goto("/contracts");

  await test.step("a card is put into another lane", async () => {
    await page.getByRole("link", { name: t("contract.as.board"), exact: true }).click();
    await expect(page.locator("k-board")).toBeVisible();
    await wellMade(page);
    const from = page.locator(".lane").first(), to = page.locator(".lane").nth(1);
    const card = from.locator(".card").first();
    const contract = (await card.getAttribute("data-contract"))!;
    const value = (await to.locator("ol").getAttribute("data-value"))!;
    if (kit.phone) { // by its phrase, which needs no mouse
      await card.locator(".cell > summary").click();
      await card.locator('input[name="new"]').fill(value);
      await card.getByRole("button", { name: t("contract.do_change"), exact: true }).click();
      await expect(card.locator(".cell > summary")).toContainText(value);
    } else {
      await card.dragTo(to.locator("ol"), { sourcePosition: { x: 20, y: 60 }, targetPosition: { x: 40, y: 20 } });
      await expect(page.locator("#toasts")).toContainText(t("contract.changed", { Name: t("contract.attr.phase") }));
    }
    await page.reload();
    const moved = page.locator(`ol[data-value="${value}"] .card[data-contract="${contract}"]`);
    await expect(moved).toBeVisible();
    await wellMade(page);
  });

  if (!kit.phone) await test.step("a move that is refused goes back and says why", async () => {
    const card = page.locator(".lane").nth(1).locator(".card").first();
    const contract = (await card.getAttribute("data-contract"))!;
    await page.route("**/edit/phase", (route) => route.abort());
    await card.dragTo(page.locator(".lane").nth(2).locator("ol"), { sourcePosition: { x: 20, y: 60 }, targetPosition: { x: 40, y: 20 } });
    await expect(page.locator("#toasts")).toContainText(t("shell.offline"));
    await expect(page.locator(".lane").nth(1).locator(`[data-contract="${contract}"]`)).toBeVisible();
    await page.unroute("**/edit/phase");
  });

  await test.step("a month of renewals", async () => {
    await page.goto("/contracts");
    await page.getByRole("link", { name: t("contract.as.calendar"), exact: true }).click();
    await expect(page.locator(".calendar")).toBeVisible();
    await wellMade(page);
    const title = await page.locator(".months h2").textContent();
    await page.getByRole("link", { name: t("shell.month_after"), exact: true }).click();
    await expect(page.locator(".months h2")).not.toHaveText(title!);
    await page.locator(".calendar li a").first().click();
    await expect(page).toHaveURL(/\/contracts\/\d+/);
  });

  await test.step("a view is kept, found again, taken away and brought back", async () => {
    const name = `会議 ${kit.lang}${kit.phone ? "p" : "d"}`;
    await page.goto("/contracts?within=365&by=quarter");
    await wellMade(page);
    await page.getByText(t("view.save"), { exact: true }).click();
    await page.locator("#view-name").fill(name);
    await wellMade(page);
    await page.getByRole("button", { name: t("view.do"), exact: true }).click();
    const tab = page.locator("#sheet > .pick").getByRole("link", { name, exact: true });
    await expect(tab).toHaveAttribute("aria-current", "true");
    await page.goto("/contracts");
    await tab.click();
    await expect(page.locator("#by-by > summary")).toHaveText(t("contract.by.quarter"));
    await page.getByRole("link", { name: t("view.edit"), exact: true }).click();
    await wellMade(page);
    await page.getByRole("button", { name: t("view.delete"), exact: true }).click();
    await expect(tab).toHaveCount(0);
    await page.locator("#toasts").getByRole("button", { name: t("shell.undo"), exact: true }).click();
    await expect(tab).toHaveAttribute("aria-current", "true");
  });
});
