import { expect, signIn, test, wellMade } from "./kit";

/** The same tasks as lines, a table, a board and a month: narrowed by a sentence, changed where they stand, kept and exported. */
test("ways to look at tasks", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t } = kit;
  const who = `${kit.lang}${kit.phone ? "p" : "d"}`;
  await signIn(page, kit);
  await page.goto("/tasks");
  await wellMade(page);
  const title = `e2e ${who}`;
  await page.locator("#task-title").fill(title);
  await page.locator("#task-due").fill(kit.lang === "ja" ? "今日" : "today");
  await page.getByRole("button", { name: t("task.add"), exact: true }).last().click();
  await expect(page.locator("#toasts")).toContainText(title);

  await test.step("a filter is read as a sentence", async () => {
    await page.getByRole("link", { name: t("task.as_table"), exact: true }).click();
    await page.locator("#by-more > summary").click();
    await wellMade(page);
    await page.locator("#by-q-input").fill(title);
    await page.locator("#by-more").getByRole("button", { name: t("shell.apply"), exact: true }).click();
    await expect(page.locator("#by-q > summary")).toHaveText(t("task.cond.q", { Value: title }));
    await expect(page.locator("#rows tr")).toHaveCount(1);
    await wellMade(page);
  });

  await test.step("columns are chosen, put in order and kept", async () => {
    await page.locator("#by-columns > summary").click();
    await wellMade(page);
    await page.locator('#by-columns input[value="origin"]').uncheck();
    await page.locator('#by-columns input[value="state"]').check();
    await page.locator("#by-columns").getByRole("button", { name: t("shell.apply"), exact: true }).click();
    await expect(page).toHaveURL(/col=state/);
    await page.locator("#by-columns > summary").click();
    await page.getByRole("link", { name: t("task.to_left_of", { Name: t("task.col.state") }), exact: true }).click();
    await expect(page).toHaveURL(/col=state&col=minutes/);
    const name = `e2e ${who}`;
    await page.getByText(t("view.save"), { exact: true }).click();
    await page.locator("#view-name").fill(name);
    await page.getByRole("button", { name: t("view.do"), exact: true }).click();
    await page.goto("/tasks");
    await page.locator("#sheet > .pick").getByRole("link", { name, exact: true }).click();
    await expect(page.locator("#rows tr")).toHaveCount(1);
    await expect(page).toHaveURL(/col=state&col=minutes/);
  });

  await test.step("a value is changed where it stands, and back", async () => {
    const cell = page.locator("#rows .cell[id$=-minutes]");
    await cell.locator("> summary").click();
    await cell.locator('input[name="new"]').fill("25");
    await wellMade(page);
    await cell.getByRole("button", { name: t("task.do_change"), exact: true }).click();
    await expect(page.locator("#rows .cell[id$=-minutes] > summary")).toContainText("25");
    await page.locator("#toasts").getByRole("button", { name: t("shell.undo"), exact: true }).click();
    await expect(page.locator("#rows .cell[id$=-minutes] > summary")).not.toContainText("25");
  });

  await test.step("what is shown is exported", async () => {
    const wait = page.waitForEvent("download");
    await page.getByRole("link", { name: t("task.export.csv"), exact: true }).click();
    const file = await (await wait).createReadStream();
    let text = "";
    for await (const part of file) text += part;
    expect(text).toContain(t("task.col.state"));
    expect(text.trim().split("\n")).toHaveLength(2);
  });

  await test.step("a card is put into another lane", async () => {
    await page.goto(`/tasks?as=board&q=${encodeURIComponent(title)}`);
    await wellMade(page);
    const card = page.locator(".card");
    await expect(card).toHaveCount(1);
    const to = page.locator(".lane").nth(4).locator("ol");
    const day = (await to.getAttribute("data-value"))!;
    if (kit.phone) { // by its phrase, which needs no mouse
      await card.locator(".cell > summary").click();
      await card.locator('input[name="new"]').fill(day);
      await card.getByRole("button", { name: t("task.do_change"), exact: true }).click();
    } else {
      await card.dragTo(to, { sourcePosition: { x: 20, y: 10 }, targetPosition: { x: 40, y: 10 } });
    }
    await expect(page.locator("#toasts")).toContainText(t("task.changed", { Name: t("task.col.due"), Title: title }));
    await page.reload();
    await expect(page.locator(".lane").nth(4).locator(".card")).toHaveCount(1);
  });

  await test.step("to leave a task asks for a word", async () => {
    await page.goto(`/tasks?as=board&by=state&q=${encodeURIComponent(title)}`);
    const card = page.locator(".card");
    if (kit.phone) {
      await card.locator(".cell > summary").click();
      await card.locator('label:has(input[value="skipped"])').click();
      await card.getByRole("button", { name: t("task.do_change"), exact: true }).click();
    } else {
      await card.dragTo(page.locator(".lane").nth(2).locator("ol"), { sourcePosition: { x: 20, y: 10 }, targetPosition: { x: 40, y: 10 } });
    }
    await expect(card.locator(".pop")).toContainText(t("task.err.why"));
    await wellMade(page);
    await card.locator('input[name="why"]').fill(title);
    await card.getByRole("button", { name: t("task.do_change"), exact: true }).click();
    await expect(page.locator("#toasts")).toContainText(t("task.changed", { Name: t("task.col.state"), Title: title }));
    await page.reload();
    await expect(page.locator(".lane").nth(2).locator(".card")).toHaveCount(1);
  });

  await test.step("parts and a month", async () => {
    await page.goto("/tasks?as=table&by=contract&owner=all");
    await wellMade(page);
    await page.getByRole("link", { name: t("task.as_calendar"), exact: true }).click();
    await expect(page.locator(".calendar")).toBeVisible();
    await wellMade(page);
  });
});
