/** The look of a page: on paper, on a phone, in the light and in the dark. */

/** The style of every page. Texts have a contrast of at least 4.5:1. Charts keep their white ground in the dark. */
export const STYLE =
  `:root{color-scheme:light dark;--text:#222;--ground:#fff;--soft:#f4f4f4;--line:#d0d0d0;--link:#0645ad;--quiet:#595959}
@media (prefers-color-scheme:dark){:root{--text:#e4e4e4;--ground:#16181b;--soft:#23262b;--line:#454a52;--link:#8ab4f8;--quiet:#a8adb5}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--text);background:var(--ground);margin:0}
header,main,footer{max-width:1100px;margin:0 auto;padding:0 1em}header{padding-top:2em}main{padding-bottom:3em}
p,li{max-width:50em}h1{line-height:1.2;margin-bottom:.3em}h2{margin-top:2em;line-height:1.25}h1,h2,h3,a{overflow-wrap:anywhere}
a{color:var(--link)}.finding{font-size:1.25em;font-weight:600;margin:.5em 0}.about,summary,caption{color:var(--quiet)}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.2em 1.2em}nav li{max-width:none}
.wide,.result{overflow-x:auto}.wide{margin:1em 0}table{border-collapse:collapse;font-size:13px}caption{text-align:left;padding:0 7px 4px}
th,td{padding:3px 7px;border-bottom:1px solid var(--line)}th button{font:inherit;font-weight:bold;color:inherit;background:none;border:0;padding:0;cursor:pointer}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
input[type=search]{font:inherit;font-size:13px;padding:.2em .5em;max-width:100%}
figure{margin:1em 0}figure img,figure svg{max-width:100%;height:auto;background:#fff}
details{margin:.3em 0 1em;font-size:13px}summary{cursor:pointer}
pre{background:var(--soft);padding:1em;overflow:auto}.copy{font-size:13px}:focus-visible{outline:2px solid var(--link);outline-offset:2px}
@media (max-width:600px){body{font-size:16px}pre{white-space:pre-wrap;overflow-wrap:anywhere}}
@media print{:root{--text:#000;--ground:#fff;--soft:#f4f4f4;--line:#bbb;--link:#000;--quiet:#333}
body{font-size:10pt}header,main,footer{max-width:none;padding:0}nav,.start,.stop,.copy,input,progress{display:none!important}
h1,h2,h3,summary,caption{break-after:avoid}figure,tr,li{break-inside:avoid}.wide,.result{overflow:visible}table{font-size:7.5pt;width:100%}
th,td{padding:2px 4px;white-space:normal!important}pre{white-space:pre-wrap;overflow-wrap:anywhere}}`;

/** Hides the pictures of interactive charts, except in print. */
export const LIVE_STYLE = `
figure.live img{display:none}
#tip{display:none;position:absolute;background:#fff;color:#222;border:1px solid #bbb;border-radius:4px;padding:4px 8px;
font-size:12px;white-space:pre;pointer-events:none;box-shadow:0 1px 4px #0003}
@media print{figure.chart div,#tip{display:none!important}figure.live img{display:inline}}`;
