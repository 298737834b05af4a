package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// validate checks a document against a schema.
func validate(t *testing.T, schema, document string) {
	t.Helper()
	parse := func(text string) any {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("not JSON: %v\n%s", err, text)
		}
		return v
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", parse(schema)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(parse(document)); err != nil {
		t.Errorf("%v\n%s", err, document)
	}
}

func TestJSON(t *testing.T) {
	fixed := sample(t)
	fixed.Fixed = &Fixed{Applied: fixed.Findings[1:3], Files: []string{"/etc/nginx/conf.d/app.conf"}, Diff: "--- ./a\n"}
	routes := sampleRoutes(t)
	var lint, fix, table, none, trace, nowhere bytes.Buffer
	for _, err := range []error{
		LintJSON(&lint, sample(t), etc),
		LintJSON(&fix, fixed, etc),
		RoutesJSON(&table, fixed.Version, routes, sample(t).Problems, etc),
		RoutesJSON(&none, fixed.Version, nil, nil, etc),
		TraceJSON(&trace, fixed.Version, sampleTrace(t), sample(t).Problems, etc, sample(t).Findings[1:2]...),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	bare := sampleTrace(t)
	bare.Server, bare.Location, bare.Route, bare.Considered, bare.Redirect, bare.Outcome = nil, nil, nil, nil, "", "no-server"
	if err := TraceJSON(&nowhere, fixed.Version, bare, nil, etc); err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	if err := RulesJSON(&list, fixed.Rules); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, schema string
		got          *bytes.Buffer
	}{
		{"lint.json", LintSchema, &lint},
		{"fix.json", LintSchema, &fix},
		{"routes.json", RoutesSchema, &table},
		{"routes-none.json", RoutesSchema, &none},
		{"trace.json", TraceSchema, &trace},
		{"trace-nowhere.json", TraceSchema, &nowhere},
		{"rules.json", RulesSchema, &list},
	} {
		t.Run(c.name, func(t *testing.T) {
			validate(t, c.schema, c.got.String())
			golden(t, c.name, c.got.String())
		})
	}
}

// A schema that takes everything would prove nothing.
func TestSchemaRefuses(t *testing.T) {
	var b bytes.Buffer
	if err := LintJSON(&b, sample(t), etc); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, by string }{
		{`"severity": "error"`, `"severity": "fatal"`},
		{`"version": 1`, `"version": 2`},
		{`"column": 3`, `"column": 0`},
		{`"via": [`, `"vias": [`},
		{`"kind": "failed"`, `"kind": "refused"`},
	} {
		changed := strings.Replace(b.String(), c.old, c.by, 1)
		if changed == b.String() {
			t.Errorf("%s is not in the document", c.old)
			continue
		}
		schema, err := jsonschema.UnmarshalJSON(strings.NewReader(LintSchema))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", schema); err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(changed))
		if err != nil {
			t.Fatal(err)
		}
		if compiler.MustCompile("schema.json").Validate(document) == nil {
			t.Errorf("the schema takes %s", c.by)
		}
	}
}
