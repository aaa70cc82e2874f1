# Writes the address behind what stands on the sign.

# The first try is slow: while it looks for the house number, the opening hours land.
if [ "$WINDROW_ATTEMPT" = 1 ]; then
    n=0
    while [ "$n" -lt 300 ] && git diff --quiet HEAD main -- sign.txt; do
        echo "looking for the house number ($n)"
        sleep 0.1
        n=$((n + 1))
    done
fi
# The second try begins with the sign as it is by then, and keeps what others wrote.
echo "writing the address behind: $(cat sign.txt)"
sleep 1
sed 's/$/, 4 Mill Lane/' sign.txt > sign.new && mv sign.new sign.txt
