server {
    listen 80;
    server_name notes.example.com;

    location / {
        proxy_pass http://127.0.0.1:5000;
        include snippets/proxy-headers.conf;
    }

    location /sync {
        proxy_pass http://127.0.0.1:5000;
        include snippets/proxy-headers.conf;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_read_timeout 1h;
    }
}
