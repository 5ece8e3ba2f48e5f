/**
 * The panel's style sheet. It follows the page: dark where the page's `color-scheme` is dark, the page's accent by
 * `--signalwire-accent` (with `--signalwire-on-accent` for text on it).
 */
export const STYLES = `
:host { all: initial; color-scheme: inherit; position: fixed; z-index: 2147483000;
  right: max(20px, env(safe-area-inset-right)); bottom: max(20px, env(safe-area-inset-bottom));
  font: 400 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  --surface: #fff; --raised: #f1f3f5; --text: #16191d; --soft: #565d66; --line: #d9dde2;
  --danger: #c4302b; --warn-surface: #fff4dc; --warn-text: #5c4200; --good: #187a43;
  --accent: var(--signalwire-accent, #0b57d0); --on-accent: var(--signalwire-on-accent, #fff); }
@supports (color: light-dark(red, red)) { :host {
  --surface: light-dark(#fff, #1d2125); --raised: light-dark(#f1f3f5, #2b3036); --text: light-dark(#16191d, #f0f2f4);
  --soft: light-dark(#565d66, #aab2bb); --line: light-dark(#d9dde2, #3a4047); --danger: light-dark(#c4302b, #d2453f);
  --warn-surface: light-dark(#fff4dc, #3a2f14); --warn-text: light-dark(#5c4200, #ffdf94);
  --good: light-dark(#187a43, #5fd08d); } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.panel { width: 336px; color: var(--text); background: var(--surface); border: 1px solid var(--line);
  border-radius: 20px; box-shadow: 0 12px 40px rgb(0 0 0 / .22); overflow: hidden; outline: none;
  animation: rise .22s cubic-bezier(.2, .8, .3, 1); }
.panel:focus-visible { box-shadow: 0 12px 40px rgb(0 0 0 / .22), 0 0 0 3px var(--accent); }
@keyframes rise { from { opacity: 0; transform: translateY(16px); } }
header { display: flex; align-items: center; gap: 12px; padding: 16px 8px 0 16px; }
.mark { flex: none; position: relative; width: 44px; height: 44px; border-radius: 50%; display: grid;
  place-items: center; background: var(--accent); color: var(--on-accent); }
.mark::after { content: ""; position: absolute; inset: 0; border-radius: 50%; border: 2px solid var(--accent); opacity: 0; }
.waiting .mark::after { animation: wave 1.6s ease-out infinite; }
@keyframes wave { from { opacity: .8; } to { opacity: 0; transform: scale(1.45); } }
.who { flex: 1; min-width: 0; }
h2 { margin: 0; font-size: 16px; font-weight: 650; line-height: 1.3; overflow-wrap: anywhere; }
.status { margin: 0; color: var(--soft); font-size: 14px; }
.live .status { color: var(--good); }
.main { padding: 12px 16px 20px; }
.duration { margin: 4px 0 0; text-align: center; font-size: 34px; font-weight: 300; font-variant-numeric: tabular-nums;
  letter-spacing: .02em; }
.hint { margin: 4px 0 0; font-size: 14px; color: var(--soft); text-align: center; }
.notice { margin: 12px 0 0; padding: 12px 14px; border-radius: 12px; font-size: 14px; background: var(--warn-surface);
  color: var(--warn-text); }
.notice p { margin: 0; }
.notice button { margin-top: 8px; color: inherit; border-color: currentColor; background: transparent; }
.controls { display: flex; justify-content: center; gap: 28px; margin-top: 20px; }
.control { display: flex; flex-direction: column; align-items: center; gap: 6px; min-width: 72px; padding: 4px; border: 0;
  background: none; color: var(--text); font-size: 13px; border-radius: 12px; }
.disc { position: relative; width: 56px; height: 56px; border-radius: 50%; display: grid; place-items: center;
  background: var(--raised); border: 1px solid transparent; transition: background .15s, color .15s; }
.control:hover:not([aria-disabled=true]) .disc { filter: brightness(.94); }
.control[aria-pressed=true] .disc { background: var(--text); color: var(--surface); }
.control .slash { position: absolute; visibility: hidden; }
.control[aria-pressed=true] .slash { visibility: visible; }
.hangup .disc { background: var(--danger); color: #fff; }
.hangup .mark-down { transform: rotate(135deg); }
svg { width: 24px; height: 24px; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round;
  stroke-linejoin: round; }
button { font: inherit; cursor: pointer; min-height: 44px; min-width: 44px; }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.control:focus-visible { outline-offset: 0; }
button[aria-disabled=true] { cursor: default; opacity: .45; transition: opacity .15s .4s; }
.icon { flex: none; display: grid; place-items: center; padding: 0; border: 0; border-radius: 50%; background: none;
  color: var(--soft); }
.icon:hover { background: var(--raised); }
.result { padding-top: 4px; }
.result p { margin: 4px 0 0; }
.total { color: var(--soft); font-size: 14px; font-variant-numeric: tabular-nums; }
.choices { display: flex; gap: 10px; margin-top: 18px; }
.plain { flex: 1; padding: 0 16px; border-radius: 12px; border: 1px solid var(--line); background: transparent;
  color: var(--text); font-weight: 600; }
.plain:hover { background: var(--raised); }
.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.primary:hover { background: var(--accent); filter: brightness(1.08); }
.over .status { color: var(--text); font-size: 15px; font-weight: 600; }
.failed .mark { background: var(--danger); color: #fff; }
.small .icon svg { transform: rotate(180deg); }
.small .main { padding-top: 0; padding-bottom: 12px; }
.small .duration { font-size: 16px; font-weight: 400; margin: 0; }
.small .hint, .small .notice, .small .label { display: none; }
.small .main { display: flex; align-items: center; justify-content: space-between; padding-left: 72px; }
.small .controls { margin: 0; gap: 4px; }
.small .control { min-width: 52px; }
.small .disc { width: 44px; height: 44px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 480px) {
  :host { left: 0; right: 0; bottom: 0; }
  .panel { width: auto; border-width: 1px 0 0; border-radius: 20px 20px 0 0; padding-bottom: env(safe-area-inset-bottom); } }
@media (prefers-reduced-motion: reduce) {
  .panel, .waiting .mark::after { animation: none; }
  .waiting .mark::after { opacity: .6; transform: scale(1.18); }
  .disc { transition: none; } }
@media (forced-colors: active) {
  .disc, .plain, .mark { border: 1px solid ButtonText; }
  .control[aria-pressed=true] .disc { background: Highlight; color: HighlightText; forced-color-adjust: none; } }
`;
