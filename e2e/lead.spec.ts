import { expect, signInAs, test, wellMade } from "./kit";

/** An admin makes somebody lead; the lead gives the team a field of its own, puts it away and brings it back, and shares a view. */
test("a team's lead", async ({ page, kit, browser }, info) => {
  test.setTimeout(150_000);
  const { t } = kit;
  const team = "西日本チーム", field = `訪問先 ${kit.lang}`, value = "本社";

  await test.step("an admin says who leads", async () => {
    await signInAs(page, kit, "matsui");
    await page.goto("/members");
    const block = page.locator("details.team", { hasText: team });
    await block.locator("summary").click();
    await block.getByRole("group", { name: t("workspace.units.leads") }).getByLabel("田村 健").check();
    await wellMade(page);
    await block.getByRole("button", { name: t("workspace.units.leads_save") }).click();
    await expect(page.locator("details.team", { hasText: team }).locator("summary")).toContainText(t("workspace.units.led_by", { Names: "田村 健" }));
  });

  const context = await browser.newContext(info.project.use);
  const lead = await context.newPage();
  await signInAs(lead, kit, "tamura");

  await test.step("the lead adds a field for the team", async () => {
    await lead.goto("/fields");
    await lead.locator("#new").getByLabel(t("field.label.ja")).fill(field);
    await lead.locator("#new").getByLabel(t("field.label.en")).fill(field);
    await lead.locator("#new").getByLabel(t("field.whose")).selectOption({ label: team });
    await lead.locator("#new").getByRole("button", { name: t("field.add_do") }).click();
    await expect(lead.locator("details.team", { hasText: field })).toContainText(t("field.of_team", { Team: team }));
    await wellMade(lead);
  });

  let contract = "";
  await test.step("it stands on a contract of the team", async () => {
    await lead.goto("/contracts?owner=me");
    contract = (await lead.locator("#rows .name a").first().getAttribute("href"))!;
    await lead.goto(`${contract}/edit`);
    await lead.getByLabel(field).fill(value);
    await wellMade(lead);
    await lead.getByRole("button", { name: t("contract.do_save"), exact: true }).click();
    await expect(lead.locator("#facts")).toContainText(value);
  });

  await test.step("it is put away and comes back with its value", async () => {
    await lead.goto("/fields");
    const block = lead.locator("details.team", { hasText: field });
    await block.locator("summary").first().click();
    await block.getByRole("button", { name: t("field.retire"), exact: true }).click();
    const away = lead.locator("#retired li", { hasText: field });
    await expect(away).toContainText(t("field.held", { Count: "1" }));
    await wellMade(lead);
    await lead.goto(contract);
    await expect(lead.locator("#facts")).not.toContainText(field);
    await lead.goto("/fields");
    await away.getByRole("button", { name: t("field.restore") }).click();
    await expect(lead.locator("details.team", { hasText: field })).toBeVisible();
    await lead.goto(contract);
    await expect(lead.locator("#facts")).toContainText(value);
  });

  await test.step("a view is shared with the team", async () => {
    await lead.goto("/contracts?within=365");
    await lead.getByText(t("view.save"), { exact: true }).click();
    await lead.locator("#view-name").fill("西の会議");
    await lead.locator("#view-for").selectOption({ label: team });
    await wellMade(lead);
    await lead.getByRole("button", { name: t("view.do"), exact: true }).click();
    await page.goto("/contracts");
    await expect(page.locator(".sheet > .pick")).toContainText(t("view.of", { Name: "西の会議", By: team }));
  });
  await context.close();
});
