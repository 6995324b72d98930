import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countersOf, mergeMetrics } from "./merge-metrics.ts";

const one = `# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{code="200",le="0.1"} 2
t_seconds_bucket{code="200",le="+Inf"} 3
t_seconds_sum{code="200"} 0.75
t_seconds_count{code="200"} 3
# HELP t_seconds_summary Times.
# TYPE t_seconds_summary summary
t_seconds_summary{code="200",quantile="0.5"} 0.1
t_seconds_summary{code="200",quantile="1"} NaN
t_seconds_summary_count{code="200"} 3
# HELP rss Memory.
# TYPE rss gauge
rss 10
# TYPE process_start_time_seconds gauge
process_start_time_seconds 100
# TYPE nodejs_version_info gauge
nodejs_version_info{version="a b } 1"} 1
`;

const two = `# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{code="500",le="0.1"} 1
t_seconds_bucket{code="200",le="0.1"} 5
t_seconds_bucket{code="200",le="+Inf"} 5
t_seconds_sum{code="200"} 0.25
t_seconds_count{code="200"} 5
# HELP t_seconds_summary Times.
# TYPE t_seconds_summary summary
t_seconds_summary{code="200",quantile="0.5"} 0.2
t_seconds_summary{code="200",quantile="1"} 0.3
t_seconds_summary_count{code="200"} 5
# HELP rss Memory.
# TYPE rss gauge
rss 20
# TYPE process_start_time_seconds gauge
process_start_time_seconds 90
# TYPE nodejs_version_info gauge
nodejs_version_info{version="a b } 1"} 1
`;

describe("merged metrics", () => {
  it("sum counts, take the earliest start, and bound quantiles", () => {
    assert.equal(
      mergeMetrics([one, two]),
      `# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{code="200",le="0.1"} 7
t_seconds_bucket{code="200",le="+Inf"} 8
t_seconds_sum{code="200"} 1
t_seconds_count{code="200"} 8
t_seconds_bucket{code="500",le="0.1"} 1
# HELP t_seconds_summary Times.
# TYPE t_seconds_summary summary
t_seconds_summary{code="200",quantile="0.5"} 0.2
t_seconds_summary{code="200",quantile="1"} 0.3
t_seconds_summary_count{code="200"} 8
# HELP rss Memory.
# TYPE rss gauge
rss 30
# TYPE process_start_time_seconds gauge
process_start_time_seconds 90
# TYPE nodejs_version_info gauge
nodejs_version_info{version="a b } 1"} 1
`,
    );
  });

  it("are the same text for one process", () => {
    assert.equal(mergeMetrics([one]), one);
    assert.equal(mergeMetrics(["", one, ""]), one);
  });

  it("keep of a process that has ended what goes on counting", () => {
    assert.equal(
      countersOf(one),
      `# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{code="200",le="0.1"} 2
t_seconds_bucket{code="200",le="+Inf"} 3
t_seconds_sum{code="200"} 0.75
t_seconds_count{code="200"} 3
# HELP t_seconds_summary Times.
# TYPE t_seconds_summary summary
t_seconds_summary_count{code="200"} 3
`,
    );
  });
});
