import { expect, signIn, test, wellMade } from "./kit";

/** The main job: bring the list, see each contract, let rules put checks, clear Today, and find the words again. */
test("a first day", async ({ page, kit }) => {
  test.setTimeout(180_000);
  const { t } = kit;
  const mine = `K${kit.lang}${kit.phone ? "p" : "d"}`;
  await signIn(page, kit);

  await test.step("Today has a day's work", async () => {
    expect(await page.locator("#queue > li").count()).toBeGreaterThanOrEqual(8);
    await wellMade(page);
  });

  await test.step("import the own list", async () => {
    await page.goto("/import");
    await wellMade(page);
    const csv = `契約ID,会社名,契約名,担当,更新日,プラン\n${mine}-1,株式会社アルファ${mine},配車,岡田 真帆,2027/3/31,A\n${mine}-2,㈱アルファ${mine},点呼,岡田 真帆,令和9年4月30日,B\n${mine}-3,ベータ商店${mine},倉庫,岡田 真帆,令和9年2月30日,A\n`;
    await page.setInputFiles('input[type="file"]', { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
    await page.locator('input[name="source"]').fill("first " + mine);
    await page.locator("main form[enctype] button").first().click();
    await expect(page).toHaveURL(/\/imports\/\d+/);
    await expect(page.locator(".counts")).toBeVisible();
    await expect(page.locator("#created")).toContainText(`${mine}`);
    await expect(page.locator("#invalid")).toContainText("令和9年2月30日");
    await wellMade(page);
    await page.locator('form[action$="/apply"] button.btn').first().click();
    await expect(page.locator("main")).toContainText(t("intake.undo"));
    await wellMade(page);
  });

  await test.step("each contract is a record", async () => {
    await page.goto(`/contracts?q=${mine}-1`);
    await page.getByRole("link", { name: new RegExp(`アルファ${mine}`) }).first().click();
    await expect(page.locator("h1")).toContainText(`株式会社アルファ${mine}`);
    await expect(page.locator("#facts")).toContainText("岡田 真帆");
    await expect(page.locator('#facts time[datetime="2027-03-31"]')).toHaveCount(1);
    await expect(page.locator(".siblings a")).toHaveCount(2);
    await wellMade(page);
  });

  await test.step("mumble", async () => {
    const words = `なんとなく静か ${mine}`;
    await page.locator("#note").fill(words);
    await page.locator("#note").press("Control+Enter");
    await expect(page.locator("#trail .entry.note").first()).toContainText(words);
    await expect(page.locator("#note")).toHaveValue("");
    const contract = page.url();
    await page.goto(contract.replace(/^http:\/\/[^/]+/, kit.other)); // another node, where there is one
    if (page.url().includes("/signin")) await signIn(page, kit, kit.other).then(() => page.goto(contract.replace(/^http:\/\/[^/]+/, kit.other)));
    await expect(page.locator("#trail .entry.note").first()).toContainText(words);
    await page.goto(contract);
  });

  await test.step("the term ends as an act, and the act is taken back", async () => {
    await page.locator('#terms a[href$="/renew"]').click();
    await expect(page.locator('input[name="start"]')).toBeVisible();
    await wellMade(page);
    await page.locator("#sheet").getByText(t("renewal.outcome.churned"), { exact: true }).click();
    await expect(page.locator('input[name="start"]')).toBeHidden(); // nothing begins after a churn
    await expect(page.locator('input[name="leave"]').first()).toBeVisible();
    await wellMade(page);
    await page.locator('input[name="leave"]').first().check();
    await page.locator('input[name="sign"]').nth(1).check();
    await page.getByRole("button", { name: t("renewal.do") }).click();
    await expect(page.locator("#terms ul")).toContainText(t("renewal.outcome.churned"));
    await expect(page.locator("#trail")).toContainText(t("timeline.event.renewal.churned").split("{{")[0]!);
    await wellMade(page);
    await page.locator("#terms form button").first().click();
    await expect(page.locator("#terms ul")).not.toContainText(t("renewal.outcome.churned"));
    await expect(page.locator('#terms a[href$="/renew"]')).toBeVisible();
  });

  await test.step("a rule puts small checks before each renewal", async () => {
    await page.goto("/rules");
    await page.locator('a[href*="/rules/new?preset="]').first().click();
    await page.locator('input[name="name"]').fill("更新 " + mine);
    await wellMade(page);
    await page.getByRole("button", { name: t("rule.save") }).click();
    await expect(page).toHaveURL(/\/rules\/\d+/);
    await page.locator('form[action$="/live"] button').first().click();
    await expect(page.locator("main")).toContainText(t("rule.pause"));
    await wellMade(page);
  });

  await test.step("a hunch", async () => {
    await page.goto(`/contracts?q=${mine}-1`);
    await page.getByRole("link", { name: new RegExp(`アルファ${mine}`) }).first().click();
    await page.locator("#note-box label", { hasText: t("shell.hunch.bad") }).click();
    await page.locator("#note-box button.btn").last().click();
    await expect(page.locator("#trail .entry .hunch").first()).toContainText(t("shell.hunch.bad"));
  });

  await test.step("tick a check off, and the trail keeps it", async () => {
    await page.goto("/today");
    const task = page.locator("#queue > li", { has: page.locator('[aria-label="' + t("today.task") + '"]') }).first();
    await task.locator("a").click();
    const done = page.locator('#sheet form[action$="/done"] button[data-key="x"]');
    await expect(done).toBeVisible();
    await done.click();
    await expect(page.locator(".toast").first()).toBeVisible();
  });

  await test.step("take the import back", async () => {
    await page.goto("/imports");
    await page.getByRole("link", { name: "list.csv" }).first().click();
    await page.locator('form[action$="/undo"] button').first().click();
    await expect(page.locator("main")).toContainText(t("intake.state.undone"));
  });
});

test("every place is well made", async ({ page, kit }) => {
  test.setTimeout(240_000);
  await signIn(page, kit);
  for (const path of ["/contracts", "/contracts/new", "/tasks", "/organizations", "/rules", "/rules/new", "/imports", "/import",
    "/members", "/fields", "/settings", "/settings/reasons", "/settings/money", "/settings/mail", "/me/message", "/renewals", "/renewals/retention", "/everyone", "/handover", "/load", "/me", "/more", "/inbox", "/handover", "/handover/mine", "/covers", "/api/docs"]) {
    await page.goto(path);
    await expect(page.locator("html"), path).toHaveAttribute("lang", kit.lang);
    await wellMade(page);
  }
});
