package rules

var unusedIgnore = &Rule{
	Name:     "unused-ignore",
	Category: Comments,
	Severity: Warning,
	Summary:  "a wsnginx comment ignores nothing",
	Doc: `A comment "# wsnginx:ignore RULE reason" speaks for the line after it, or for
the line it stands at the end of; "# wsnginx:ignore-file RULE reason" speaks for
its whole file. One that no finding needs any more hides the next mistake made
there, and one with a misspelt name never hid anything.

A comment that names a rule which was not run is left alone.`,
	Before: `# wsnginx:ignore short-read-timeout the backend pings every 20s
location /static/ {
    root /srv/www;
}
`,
}
