import { createHmac } from "node:crypto";
import { expect, signInAs, test, wellMade } from "./kit";

/** What an authenticator app shows for a secret in some thirty seconds' step from now (RFC 6238). */
function codeOf(secret: string, ahead = 0): string {
  const bits = [...secret.replace(/\s/g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac("sha1", key).update(step).digest();
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff) % 1e6).padStart(6, "0");
}

/** The second step of signing in: switched on, asked for, its recovery codes good once, switched off. */
test("a second step", async ({ page, kit }) => {
  test.setTimeout(120_000);
  const { t, me } = kit;
  await signInAs(page, kit, "ishikawa");
  await page.goto("/me");
  await page.getByRole("button", { name: t("workspace.totp.begin"), exact: true }).click();
  await expect(page.locator("img.qr")).toBeVisible();
  await wellMade(page);
  const secret = await page.locator("#totp-secret").innerText();
  const code = page.locator('input[name="code"]');
  await code.fill("12345");
  await page.getByRole("button", { name: t("workspace.totp.confirm"), exact: true }).click();
  await expect(page.locator("main")).toContainText(t("workspace.err.code"));
  await code.fill(codeOf(secret));
  await page.getByRole("button", { name: t("workspace.totp.confirm"), exact: true }).click();
  await expect(page.locator("#recovery li")).toHaveCount(10);
  await wellMade(page);
  const recovery = await page.locator("#recovery li").allInnerTexts();

  await page.context().clearCookies({ name: "kizuki_session" });
  const password = async (): Promise<void> => {
    await page.goto("/signin?next=/contracts");
    await page.getByLabel(t("workspace.mail")).fill(me.mail.replace(/^[^@]+/, "ishikawa"));
    await page.getByLabel(t("workspace.password"), { exact: true }).fill(me.password);
    await page.getByRole("button", { name: t("workspace.signin.do"), exact: true }).click();
    await expect(page).toHaveURL(/\/signin\/code/);
  };
  await password();
  await wellMade(page);
  await page.goto("/today"); // the password alone opens nothing
  await expect(page).toHaveURL(/\/signin/);
  await password();
  await code.fill(codeOf(secret, 1)); // the app's clock may be a step ahead; the code of now was used to switch it on
  await page.getByRole("button", { name: t("workspace.signin.do"), exact: true }).click();
  await expect(page).toHaveURL(/\/contracts/);

  const leave = (): Promise<void> => page.context().clearCookies({ name: "kizuki_session" });
  const enter = async (word: string): Promise<void> => {
    await code.fill(word);
    await page.getByRole("button", { name: t("workspace.signin.do"), exact: true }).click();
  };
  await leave();
  await password();
  await enter(recovery[0]!);
  await expect(page).toHaveURL(/\/contracts/);
  await leave();
  await password();
  await enter(recovery[0]!); // good once
  await expect(page.locator("main")).toContainText(t("workspace.err.code"));
  await enter(recovery[1]!);
  await expect(page).toHaveURL(/\/contracts/);
  await page.goto("/me");
  await expect(page.locator("#totp-state")).toContainText("8");
  await wellMade(page);
  await page.locator("#totp").getByLabel(t("workspace.totp.proof")).fill(recovery[2]!);
  await page.getByRole("button", { name: t("workspace.totp.off"), exact: true }).click();
  await expect(page.getByRole("button", { name: t("workspace.totp.begin"), exact: true })).toBeVisible();
});
