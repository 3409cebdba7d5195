import { defineConfig, devices } from "@playwright/test";

// Pairs that cover both languages, both databases, wide and narrow. The ports are those of e2e/server/main.go.
const first = Number(process.env.KIZUKI_E2E_PORT ?? 18100);
const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { ...devices["Pixel 7"] };
const project = (name: string, port: number, locale: string, screen: object, other?: number) => ({
  name,
  use: { ...screen, locale, baseURL: `http://127.0.0.1:${port}` },
  testIgnore: screen === phone ? "keyboard.spec.ts" : undefined,
  metadata: { port, other: other ?? port, phone: screen === phone, lang: locale.slice(0, 2) },
});

export default defineConfig({
  testDir: ".",
  outputDir: "../test-results",
  timeout: 60_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 2,
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    timezoneId: "Asia/Tokyo",
    screenshot: "only-on-failure",
    contextOptions: { reducedMotion: "reduce" }, // axe must not measure a colour on its way to another
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    },
  },
  projects: [
    project("ja-desktop-sqlite", first + 1, "ja-JP", desktop),
    project("en-phone-sqlite", first + 2, "en-US", phone),
    project("en-desktop-postgres", first + 3, "en-US", desktop, first + 5),
    project("ja-phone-postgres", first + 4, "ja-JP", phone),
  ],
  webServer: {
    command: "exec go run ./e2e/server",
    cwd: "..",
    url: `http://127.0.0.1:${first}`,
    timeout: 240_000,
    reuseExistingServer: !process.env.CI,
    gracefulShutdown: { signal: "SIGTERM", timeout: 5_000 },
  },
});
