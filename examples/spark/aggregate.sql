-- Outlet by company, from the view `scores`. Abstentions count in the mean, as in `lichang compare`, but not as favor or against.
SELECT
  outlet,
  target,
  count(*) AS articles,
  sum(mentions) AS mentions,
  round(avg(score), 4) AS mean,
  round(stddev_samp(score), 4) AS deviation,
  round(avg(CAST(label = 'favor' AND NOT abstain AS INT)), 4) AS favor,
  round(avg(CAST(label = 'against' AND NOT abstain AS INT)), 4) AS against,
  round(avg(CAST(abstain AS INT)), 4) AS abstained,
  min(date) AS first,
  max(date) AS last
FROM scores
GROUP BY outlet, target
ORDER BY target, outlet
