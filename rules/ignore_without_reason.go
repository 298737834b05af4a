package rules

var ignoreWithoutReason = &Rule{
	Name:     "ignore-without-reason",
	Category: Comments,
	Severity: Warning,
	Summary:  "a wsnginx:ignore comment gives no reason",
	Doc: `Whoever reads the configuration next has to know whether the comment is still
right, so "# wsnginx:ignore RULE reason" wants a reason, and without one nothing
is ignored.`,
	Before: `# wsnginx:ignore short-read-timeout
location /ws {
    proxy_pass http://app;
}
`,
}
