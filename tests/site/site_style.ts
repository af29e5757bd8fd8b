/** The look of the site: one column, in the light and in the dark. */
import { STYLE } from "../../lib/share/page_style.ts";

/** The style of every page: that of shared pages, and the list of pages beside the text. */
export const SITE_STYLE = `${STYLE}
.site{display:flex;gap:2em;max-width:1200px;margin:0 auto;padding:0 1em}.site main{flex:1;min-width:0;padding-top:1em}
.site nav{flex:0 0 13em;padding-top:2.2em;font-size:14px}.site nav ul{display:block;margin:.3em 0}.site nav li{margin:.25em 0}
.site nav b{display:block;margin-top:1em}.site nav a{text-decoration:none}.site nav a[aria-current]{font-weight:bold;color:var(--text)}
.site table{display:block;overflow-x:auto;font-size:14px}.site th{text-align:left}.site img{max-width:100%;background:#fff}
code{background:var(--soft);padding:.1em .25em;border-radius:3px}pre code{padding:0}
@media (max-width:760px){.site{flex-direction:column-reverse;gap:0}.site main{padding:0 0 1em}.site nav ul{columns:2}}`;
