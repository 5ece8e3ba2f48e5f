/** Texts for copying, filled in for one space. */

/** @typedef {import('../space-info.js').SpaceInfo} SpaceInfo */

/** @param {string} text */
const quotedForShell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/** @param {string} text */
const quotedForMarkup = (text) => `"${text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;

/** The request that creates a Subscriber Access Token. @param {SpaceInfo} info */
export function subscriberTokenRequest(info) {
  const reference = info.subscribers[0]?.reference ?? 'ada@example.test';
  return [
    `curl -sS ${info.base}/api/fabric/subscribers/tokens`,
    `  -u ${quotedForShell(`${info.project_id}:${info.api_token}`)}`,
    "  -H 'Content-Type: application/json'",
    `  -d ${quotedForShell(JSON.stringify({ reference }))}`,
  ].join(' \\\n');
}

/** A call button with its script; empty when the space has no Click-to-Call resource. @param {SpaceInfo} info */
export function callButtonMarkup(info) {
  const [resource] = info.click_to_call;
  if (!resource) return '';
  return [
    `<script src=${quotedForMarkup(`${info.base}/sdk/click-to-call.js`)} defer></script>`,
    '<button data-signalwire-call',
    `  data-to=${quotedForMarkup(resource.address)}`,
    `  data-host=${quotedForMarkup(info.hosts.embeds)}`,
    `  data-token=${quotedForMarkup(resource.embed_token)}>`,
    '  Call us',
    '</button>',
  ].join('\n');
}
