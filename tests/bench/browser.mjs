// Headless Chromium with fake devices that takes the space's self-signed certificate.

import { chromium } from "@playwright/test";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--ignore-certificate-errors",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];

export function launchChromium() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
}
