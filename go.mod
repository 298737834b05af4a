module github.com/wsnginx/wsnginx

go 1.26

require github.com/tufanbarisyildirim/gonginx v0.0.0-20260220081509-8e17ce617db3
