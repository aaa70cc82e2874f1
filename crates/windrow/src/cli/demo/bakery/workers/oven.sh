# Tells about the oven, and commits by itself. The first worker crashes half-way.

echo "The oven was built in" > oven.txt
sleep 1
if [ "$WINDROW_ATTEMPT" = 1 ]; then
    echo "what is this smoke"
    ulimit -c 0
    kill -s SEGV $$
fi
echo "The oven was built in 1921 and has not gone out since." > oven.txt
git add oven.txt
git commit -q -m "Tell about the oven" -m "The year is from the plate on its door."
