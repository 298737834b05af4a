package parser

import (
	"slices"
	"testing"
)

// The parts of a Liquid template that leave nothing in their place end at the first tag
// that ends them, however many there are and in whatever order they are asked for.
func TestLiquidAside(t *testing.T) {
	const src = `{% capture a %}b{% endcapture %}
{% comment %} listen 1; {% endcomment %}
{% capture c %}listen 2;{% endcapture %}
{% comment %} {% if d %} {% endcomment %}
{% capture e %}f{% endcapture %}
{% comment %} listen 3;
{% comment %} listen 4;
`
	want := []string{
		"{% capture a %}b{% endcapture %}", "{% comment %} listen 1; {% endcomment %}", "{% capture c %}", "{% endcapture %}",
		"{% comment %} {% if d %} {% endcomment %}", "{% capture e %}f{% endcapture %}", "{% comment %}", "{% comment %}",
	}
	var spans []Span
	for i := range src {
		if g, ok := newTagging(src, Span{0, len(src)}).at(i); ok && (len(spans) == 0 || i >= spans[len(spans)-1].End) {
			spans = append(spans, Span{i, g.end})
		}
	}
	all := newTagging(src, Span{0, len(src)}).all()
	if !slices.Equal(all, spans) {
		t.Errorf("all() = %v, want %v as at() finds them one by one", all, spans)
	}
	var got []string
	for _, s := range all {
		got = append(got, src[s.Start:s.End])
	}
	if !slices.Equal(got, want) {
		t.Errorf("all() = %q, want %q", got, want)
	}
	// Backwards, with one memory.
	tags := newTagging(src, Span{0, len(src)})
	for _, s := range slices.Backward(spans) {
		if g, _ := tags.at(s.Start); g.end != s.End {
			t.Errorf("at(%d).end = %d, want %d", s.Start, g.end, s.End)
		}
	}
}
