import { createHash } from 'node:crypto'

/** The one style sheet, inside each page. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f3f4f7; --card: #ffffff; --line: #d5d9e2; --field: #848d9f;
  --text: #171b26; --muted: #566074; --accent: #2a4fd0; --accent-hover: #213fa9; --on-accent: #ffffff;
  --danger: #a81e2c; --danger-soft: #fdf0f1; --danger-line: #e9bfc4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f121a; --card: #181c27; --line: #2c3344; --field: #6b768d;
    --text: #eceff6; --muted: #a3adc2; --accent: #93abff; --accent-hover: #b0c1ff; --on-accent: #0e1430;
    --danger: #ffa3ab; --danger-soft: #34191f; --danger-line: #6b2f39;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 24px 16px;
  display: flex; flex-direction: column; align-items: center; justify-content: center;
  background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
}
main {
  width: 100%; max-width: 416px; padding: 36px;
  background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  box-shadow: 0 1px 2px rgb(10 16 35 / 6%), 0 12px 32px rgb(10 16 35 / 7%);
}
.brand { display: flex; align-items: center; gap: 9px; margin: 0 0 28px; font-weight: 600; font-size: 15px; letter-spacing: .01em; }
.brand svg { width: 22px; height: 22px; color: var(--accent); flex: none; }
h1 { margin: 0 0 6px; font-size: 25px; line-height: 1.25; font-weight: 650; letter-spacing: -.012em; overflow-wrap: anywhere; }
p { margin: 0 0 16px; }
.lead { color: var(--muted); margin-bottom: 26px; }
.lead strong { color: var(--text); font-weight: 600; overflow-wrap: anywhere; }
label { display: block; margin: 0 0 6px; font-weight: 550; font-size: 15px; }
input {
  width: 100%; height: 46px; margin: 0 0 18px; padding: 0 13px;
  font: inherit; color: var(--text); background: var(--card);
  border: 1px solid var(--field); border-radius: 9px;
}
input:hover { border-color: var(--muted); }
input[aria-invalid="true"] { border-color: var(--danger); }
button, .button {
  display: flex; align-items: center; justify-content: center; width: 100%; min-height: 46px; margin: 6px 0 0; padding: 9px 18px;
  font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 9px;
}
button:hover, .button:hover { background: var(--accent-hover); border-color: var(--accent-hover); }
.quiet { margin-top: 12px; color: var(--text); background: transparent; border-color: var(--field); }
.quiet:hover { background: var(--page); border-color: var(--muted); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert {
  margin: 0 0 22px; padding: 12px 14px; border-radius: 9px;
  color: var(--danger); background: var(--danger-soft); border: 1px solid var(--danger-line); font-size: 15px;
}
.alert p { margin: 0; }
.alert:focus { outline: none; }
.scopes { list-style: none; margin: 0 0 24px; padding: 0; border: 1px solid var(--line); border-radius: 10px; }
.scopes li { padding: 12px 15px; }
.scopes li + li { border-top: 1px solid var(--line); }
.scopes b { display: block; font-weight: 600; }
.scopes span { color: var(--muted); font-size: 14px; overflow-wrap: anywhere; }
.facts { margin: 22px 0 0; padding: 16px 0 0; border-top: 1px solid var(--line); font-size: 14px; color: var(--muted); }
.lead:last-child { margin-bottom: 0; }
.facts div + div { margin-top: 10px; }
.facts dt { font-size: 13px; }
.facts dd { margin: 0; color: var(--text); overflow-wrap: anywhere; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 13px; line-height: 21px; }
footer { margin: 22px 0 0; font-size: 13px; color: var(--muted); text-align: center; overflow-wrap: anywhere; }
@media (max-width: 480px) {
  body { padding: 0; justify-content: flex-start; background: var(--card); }
  main { max-width: none; padding: 28px 22px; border: 0; border-radius: 0; box-shadow: none; }
  footer { padding: 0 22px 24px; }
}
@media (forced-colors: active) { button, .button { border: 1px solid ButtonText; } }
`

/** What a content security policy allows of it. */
export const styleSource = `'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`
