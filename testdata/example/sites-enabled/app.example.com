server {
    listen 80;
    server_name app.example.com;

    include snippets/proxy-headers.conf;
    proxy_http_version 1.1;
    proxy_set_header Upgrade    $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_read_timeout 1h;

    location / {
        proxy_pass http://app;
    }

    # Live updates for the dashboard: this one line throws away the six above.
    location /live/ws {
        proxy_pass http://app;
        proxy_set_header Host $host;
    }
}
