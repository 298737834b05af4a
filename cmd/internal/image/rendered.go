package image

import (
	"cmp"
	"path"
	"strings"
)

// rendering is what the official image does to its templates when it starts: those with
// the ending suffix below from lose it and become files below to
// (20-envsubst-on-templates.sh).
type rendering struct {
	from, suffix, to string
}

// rendersTemplates are the images whose entry point renders templates.
var rendersTemplates = map[string]bool{
	"nginx": true, "library/nginx": true, "nginx/nginx": true, "nginxinc/nginx-unprivileged": true, "nginx/nginx-unprivileged": true,
}

// rendered returns what the container renders, with the variables that say otherwise. A
// command of its own does not count, though the entry point renders nothing for one that
// is not nginx: a template that lies where the image looks for it is meant to be rendered.
func (c *container) rendered() []rendering {
	if !c.asked {
		c.asked, c.renders = true, c.renderings()
	}
	return c.renders
}

// renderings works out rendered.
func (c *container) renderings() []rendering {
	image := c.image
	value := func(name, fallback string) string {
		v := c.env[name]
		for s := c.stage; s != nil && v == ""; s = s.base {
			v = s.values[name]
		}
		return cmp.Or(v, fallback)
	}
	for s := c.stage; s != nil; s = s.base {
		image = s.image
	}
	m := reference().FindStringSubmatch(strings.ToLower(image))
	if m == nil || !rendersTemplates[strings.TrimPrefix(m[1], "docker/")] {
		return nil
	}
	if v, ok := numberOf(m[2]); ok && v.Before(1, 19, 0) {
		return nil
	}
	from := path.Clean(value("NGINX_ENVSUBST_TEMPLATE_DIR", "/etc/nginx/templates"))
	return []rendering{
		{from, value("NGINX_ENVSUBST_TEMPLATE_SUFFIX", ".template"), path.Clean(value("NGINX_ENVSUBST_OUTPUT_DIR", "/etc/nginx/conf.d"))},
		{from, value("NGINX_ENVSUBST_STREAM_TEMPLATE_SUFFIX", ".stream-template"), path.Clean(value("NGINX_ENVSUBST_STREAM_OUTPUT_DIR", "/etc/nginx/stream-conf.d"))},
	}
}

// template returns the path in the container of what is rendered to p, "" where p is
// not among what is made.
func (r rendering) template(p string) string {
	if !under(p, r.to) {
		return ""
	}
	return path.Join(r.from, strings.TrimPrefix(p, strings.TrimSuffix(r.to, "/"))) + r.suffix
}

// writes reports whether the container can write what is rendered: not into a mount
// that is read-only.
func (c *container) writes(r rendering) bool {
	for i := len(c.layers) - 1; i >= 0; i-- {
		if l := &c.layers[i]; l.mount && l.dir && l.covers(r.to) {
			return !l.readOnly
		}
	}
	return true
}
