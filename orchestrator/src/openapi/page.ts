import { createHash } from "node:crypto";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{font:600 1rem ui-monospace,monospace;margin:1.5rem 0 0}h2 b{color:#0a58ca}pre{background:#f4f4f4;padding:1rem;overflow:auto}`;

/** Shows the description that stands beside the page, by text nodes only. */
const SCRIPT = `const add=(tag,text,to=document.body)=>{const e=document.createElement(tag);e.textContent=text;to.append(e);return e};
const name=location.pathname.includes("/v2/")?"dataplane.yaml":"seldon.json";
const base=location.pathname.replace(/[^/]*$/,"");
fetch(base+name).then((r)=>r.json()).then((api)=>{
document.title=api.info.title;add("h1",api.info.title);add("p",api.info.description);
for(const [path,calls] of Object.entries(api.paths))for(const [method,call] of Object.entries(calls)){
const h=add("h2","");add("b",method.toUpperCase()+" ",h);h.append(path);add("p",call.summary)}
add("h1","Messages");add("pre",JSON.stringify(api.components.schemas,null,2))})
.catch((e)=>add("p","The description can't be shown: "+e.message));`;

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** One page for every API: it reads the description from the folder it is in. */
export const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API</title><style>${STYLE}</style></head><body><noscript>The API is described by <a href="seldon.json">seldon.json</a> or <a href="dataplane.yaml">dataplane.yaml</a>.</noscript><script>${SCRIPT}</script></body></html>\n`;

/** What the page may do: its own style and script, and reading the description. */
export const PAGE_CSP = `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
