/** HPACK's static table (RFC 7541 appendix A), `name value` per entry; the first has index 1. */
const ENTRIES = `:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate`.split("\n");

/** Name and value by index; index 0 is none. */
export const STATIC_NAMES: readonly string[] = ["", ...ENTRIES.map((one) => one.split(" ")[0] ?? "")];
export const STATIC_VALUES: readonly string[] = ["", ...ENTRIES.map((one) => one.split(" ").slice(1).join(" "))];
export const STATIC_ENTRIES = ENTRIES.length;

/** What each entry costs beside its name and value (RFC 7541 §4.1). */
export const ENTRY_OVERHEAD_BYTES = 32;
/** Size of the dynamic table where nobody sets another. */
export const DEFAULT_TABLE_BYTES = 4096;
